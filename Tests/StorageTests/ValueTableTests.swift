import Testing

@testable import Storage

@Suite struct ValueTableTests {
    private func id(_ value: String, at hour: Int, in table: inout ValueTable) -> UInt32 {
        Array(value.utf8).withUnsafeBytes { table.id(of: $0, hour: hour) }
    }

    @Test func theSameValueKeepsItsNumberAndName() {
        var table = ValueTable(valuesMax: 4)
        let web = id("web", at: 1, in: &table)
        let app = id("app", at: 1, in: &table)
        #expect(
            web != app && id("web", at: 1, in: &table) == web && id("web", at: 2, in: &table) == web
        )
        #expect(table.name(web) == "web" && table.name(app) == "app")
    }

    @Test func theEmptyValueIsAValue() {
        var table = ValueTable(valuesMax: 1)
        let empty = id("", at: 1, in: &table)
        #expect(empty != ValueTable.other && table.name(empty).isEmpty)
    }

    @Test func valuesBeyondTheLimitShareOtherUntilTheHourTurns() {
        var table = ValueTable(valuesMax: 3)
        let first = (0..<3).map { id("v\($0)", at: 7, in: &table) }
        #expect(!first.contains(ValueTable.other) && Set(first).count == 3)
        for extra in 3..<50 { #expect(id("v\(extra)", at: 7, in: &table) == ValueTable.other) }
        #expect((0..<3).map { id("v\($0)", at: 7, in: &table) } == first)
        let fresh = (10..<13).map { id("v\($0)", at: 8, in: &table) }
        #expect(!fresh.contains(ValueTable.other))
        // Known from before, but this hour is full.
        #expect(id("v0", at: 8, in: &table) == ValueTable.other)
        #expect(id("v0", at: 9, in: &table) == first[0])
        #expect(table.name(ValueTable.other) == "__other__")
    }

    @Test func manyHoursOfNewValuesStayWithinTheTable() {
        var table = ValueTable(valuesMax: 5)
        for hour in 0..<2_000 {
            var numbers: Set<UInt32> = []
            for value in 0..<8 {
                let number = id("h\(hour)v\(value)", at: hour, in: &table)
                numbers.insert(number)
                let expected = value < 5 ? "h\(hour)v\(value)" : "__other__"
                #expect(table.name(number) == expected)
            }
            #expect(numbers.count == 6 && numbers.contains(ValueTable.other))
        }
    }

    @Test func hoursThatAlternateStayWithinTheTable() {
        var table = ValueTable(valuesMax: 2)
        for round in 0..<5_000 {
            let number = id("v\(round)", at: round % 2, in: &table)
            #expect(table.name(number) == (number == 0 ? "__other__" : "v\(round)"))
        }
    }

    @Test func aNumberNoLongerKnownIsOther() {
        var table = ValueTable(valuesMax: 1)
        let old = id("old", at: 0, in: &table)
        for hour in 1..<100 { _ = id("v\(hour)", at: hour, in: &table) }
        #expect(table.name(old) == "__other__" && table.name(.max) == "__other__")
    }
}
