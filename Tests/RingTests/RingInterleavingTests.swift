import Testing

/// Tests every order of every access of both ends, on small rings: see `InterleavingExplorer`.
@Suite struct RingInterleavingTests {
    static let scenarios: [Scenario] = [
        // Room for two records, and padding at each wrap.
        Scenario(capacity: 64, records: [[16, 16, 16]]),
        Scenario(capacity: 64, records: [[16, 9, 16]], producerBatch: 2),
        Scenario(capacity: 64, records: [[8, 8, 8, 8, 8]], producerBatch: 4, consumerBatch: 2),
        Scenario(capacity: 64, records: [[8, 16, 8]], consumerBatch: 3),
        // Early wrap once everything is read, and where there is no room for it.
        Scenario(capacity: 64, hotBytes: 16, records: [[8, 8, 8]]),
        Scenario(capacity: 64, hotBytes: 32, records: [[16, 16, 16]], producerBatch: 2),
        Scenario(capacity: 64, hotBytes: 24, records: [[8, 16, 8]], consumerBatch: 2),
        // Two producers wake one consumer.
        Scenario(capacity: 64, records: [[8], [8]]),
    ]

    @Test(arguments: scenarios)
    func keepsEveryRecordAndWakeUpInEveryOrder(_ scenario: Scenario) {
        let outcome = scenario.explore()
        print("\(scenario.records): \(outcome)")
        #expect(outcome.violation == nil, "\(outcome.trail.joined(separator: "\n"))")
        #expect(outcome.orders > 1000)
    }

    @Test(arguments: Flaw.allCases)
    func findsTheOrderThatBreaksAFlawedTwin(_ flaw: Flaw) {
        let violations = Self.scenarios.compactMap { scenario in
            var flawed = scenario
            flawed.flaw = flaw
            return flawed.explore().violation
        }
        print("\(flaw): \(violations.first ?? "not found")")
        #expect(!violations.isEmpty)
    }
}
