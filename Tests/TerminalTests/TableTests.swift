import Terminal
import Testing

@Suite struct TableTests {
    @Test func alignsWordsLeftAndFiguresRight() {
        var table = Table([.init("name"), .init("events", .right)])
        table.add(["web", "5"])
        table.add(["mobile-app", "1,234,567"])
        table.add(["other"])
        #expect(
            table.lines == [
                "name           events",
                "web                 5",
                "mobile-app  1,234,567",
                "other",
            ]
        )
    }

    @Test func keepsWidthsWhenPrintedRowByRow() {
        let table = Table([.init("ev/s", .right, widthMin: 6), .init("state", widthMin: 8)])
        #expect(table.heading == "  ev/s  state")
        #expect(table.line(["12", "running"]) == "    12  running")
        #expect(table.line(["1234567", "x"]) == "1234567  x")
    }

    @Test func tableWithoutRowsIsItsHeading() {
        #expect(Table([.init("a"), .init("b")]).lines == ["a  b"])
    }
}
