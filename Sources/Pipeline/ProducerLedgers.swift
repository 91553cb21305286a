import Filing

/// A writer's ledgers by the number of the producer; producers without events have none.
struct ProducerLedgers: Sendable {
    private(set) var ledgers: [Int: SourceLedger] = [:]

    /// Counts events that were read.
    mutating func arrive(_ producer: Int, _ count: Int) {
        var ledger = self[producer]
        ledger.received += count
        ledger.inFlight += count
        ledgers[producer] = ledger
    }

    /// Moves a commit's events to their outcomes; returns whether the ledger adds up.
    mutating func settle(_ entry: ProducerTally) -> Bool {
        ledgers[entry.producer, default: SourceLedger()].settle(entry.tally)
        return self[entry.producer].isBalanced
    }

    subscript(producer: Int) -> SourceLedger { ledgers[producer] ?? SourceLedger() }
}
