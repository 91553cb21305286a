import Testing

@testable import Intake

@Suite struct ProducerBookTests {
    @Test func tellsProducersApart() {
        let book = ProducerBook(sources: 2)
        let shop = book.producer(of: 1, key: "shop")
        #expect(shop === book.producer(of: 1, key: "shop"))
        #expect(shop !== book.producer(of: 0, key: "shop"))
        #expect(shop !== book.producer(of: 1, address: "shop"))
        #expect(book.others(of: 1).number == 1)
        #expect(book.all.map(\.source) == [0, 1, 1, 0, 1])
        #expect(shop.map { String(decoding: $0.nameBytes, as: UTF8.self) } == "shop")
    }

    @Test func furtherAddressesCountAsOthers() {
        let book = ProducerBook(sources: 2)
        let first = book.producer(of: 0, address: "tcp://10.0.0.0")
        for number in 1..<1_000 { _ = book.producer(of: 0, address: "tcp://10.0.0.\(number)") }
        #expect(book.producer(of: 0, address: "tcp://10.1.0.1") === book.others(of: 0))
        #expect(book.producer(of: 0, address: "tcp://10.0.0.0") === first)
        #expect(book.producer(of: 1, address: "tcp://10.1.0.1").kind == .address)
        #expect(book.all.count == 2 + ProducerBook.addressesMax + 1)
    }

    /// Addresses, which anybody can have, leave room for keys; beyond all room a key is refused.
    @Test func keysHaveRoomOfTheirOwn() {
        let book = ProducerBook(sources: 30)
        for source in 0..<30 {
            for number in 0..<300 { _ = book.producer(of: source, address: "\(number)") }
        }
        let before = book.all.count
        #expect(before <= ProducerBook.countMax / 2)
        var keys = 0
        while book.producer(of: 0, key: "key \(keys)") != nil { keys += 1 }
        #expect(before + keys == ProducerBook.countMax)
        #expect(book.producer(of: 0, key: "key 0") != nil)
    }

    @Test func limitsAreSetAndRemoved() {
        let book = ProducerBook(sources: 1)
        #expect(book.limitsInForce == nil)
        book.set(ProducerLimits(eventsPerSecond: 5))
        #expect(book.limitsInForce?.eventsPerSecond == 5)
        book.set(ProducerLimits())
        #expect(book.limitsInForce == nil)
    }

    @Test func onlyNamesThatAreOneProducersHaveAShare() {
        let book = ProducerBook(sources: 1)
        #expect(book.producer(of: 0, key: "shop")?.hasShare == true)
        #expect(book.producer(of: 0, address: "tcp://10.0.0.7").hasShare)
        #expect(book.producer(of: 0, address: "ipc://uid=1000").hasShare)
        #expect(!book.producer(of: 0, address: "tcp://127.0.0.1").hasShare)
        #expect(!book.producer(of: 0, address: "tcp://[::1]").hasShare)
        #expect(!book.others(of: 0).hasShare)
    }
}

@Suite struct ProducerAllowanceTests {
    private static let second: Int64 = 1_000_000_000

    @Test func aSecondsWorthPassesAtOnce() {
        let allowance = ProducerAllowance()
        let limits = ProducerLimits(bytesPerSecond: 1_000)
        #expect(allowance.charge(bytes: 1_000, of: limits, at: 0) == 0)
        let wait = allowance.charge(bytes: 500, of: limits, at: 0)
        #expect((Self.second / 2...Self.second / 2 + 2).contains(wait))
        #expect(allowance.isSpent(at: 0, of: limits))
        #expect(!allowance.isSpent(at: wait, of: limits))
        // What was not used for a long time does not add up.
        #expect(allowance.charge(bytes: 1_000, of: limits, at: 100 * Self.second) == 0)
        #expect(allowance.charge(bytes: 1, of: limits, at: 100 * Self.second) > 0)
    }

    /// Over a long time a producer gets its rate, however large its messages are.
    @Test(arguments: [1, 70, 5_000]) func theRateHolds(message: Int) {
        let allowance = ProducerAllowance()
        let limits = ProducerLimits(bytesPerSecond: 1_000)
        var now: Int64 = 0
        var taken = 0
        while now < 100 * Self.second {
            taken += message
            now += allowance.charge(bytes: message, of: limits, at: now)
            if now == 0, taken > 10_000 { break }
        }
        #expect((100_000...100_000 + 1_000 + 2 * message).contains(taken), "\(taken)")
    }

    @Test func eventsAreChargedWhenTheyWereRead() {
        let allowance = ProducerAllowance()
        let limits = ProducerLimits(eventsPerSecond: 10)
        #expect(allowance.charge(bytes: 1_000_000, of: limits, at: 0) == 0)
        allowance.add(events: 30)
        let wait = allowance.charge(bytes: 1, of: limits, at: 0)
        #expect((2 * Self.second...2 * Self.second + 2).contains(wait))
        #expect(allowance.charge(bytes: 0, of: limits, at: wait) == 0)
    }

    @Test func aDayEndsAtMidnight() {
        let allowance = ProducerAllowance()
        let day: Int64 = 86_400_000_000
        allowance.add(written: 700, at: 3 * day - 2)
        allowance.add(written: 50, at: 3 * day - 1)
        #expect(allowance.written(on: 3 * day - 1) == 750)
        #expect(allowance.written(on: 3 * day) == 0)
        allowance.add(written: 8, at: 3 * day)
        #expect(allowance.written(on: 3 * day + 5) == 8)
    }
}
