import Events
import Filing
import Testing

@testable import Pipeline

@Suite struct SourceLedgerTests {
    @Test func anEmptyLedgerIsBalanced() {
        #expect(SourceLedger().isBalanced)
    }

    @Test func settlingMovesInFlightToWrittenAndQuarantined() {
        var ledger = SourceLedger()
        ledger.received = 10
        ledger.inFlight = 10
        var tally = CommitTally()
        tally.accepted = 6
        tally.rejected[Rejection.tooDeep.index] = 1
        tally.rejected[Rejection.invalidJSON.index] = 2
        ledger.settle(tally)
        #expect(ledger.written == 6)
        #expect(ledger.quarantinedTotal == 3)
        #expect(ledger.quarantined[Rejection.tooDeep.index] == 1)
        #expect(ledger.inFlight == 1)
        #expect(ledger.isBalanced)
    }

    @Test func oneMoreOfAnythingIsNoticed() {
        let parts: [WritableKeyPath<SourceLedger, Int>] = [
            \.received, \.written, \.duplicate, \.dropped, \.inFlight,
        ]
        for part in parts {
            var ledger = SourceLedger()
            ledger[keyPath: part] += 1
            #expect(!ledger.isBalanced)
        }
    }

    @Test func oneMoreQuarantinedIsNoticed() {
        for rejection in Rejection.allCases {
            var ledger = SourceLedger()
            ledger.quarantined[rejection.index] += 1
            #expect(!ledger.isBalanced)
        }
    }

    @Test func ledgersAddUpPartByPart() {
        var one = SourceLedger()
        (one.received, one.written, one.inFlight) = (5, 2, 3)
        var other = SourceLedger()
        (other.received, other.duplicate, other.dropped) = (7, 4, 2)
        other.quarantined[Rejection.tooLarge.index] = 1
        one += other
        #expect(one.received == 12 && one.written == 2 && one.inFlight == 3)
        #expect(one.duplicate == 4 && one.dropped == 2)
        #expect(one.quarantined[Rejection.tooLarge.index] == 1)
        #expect(one.isBalanced)
    }
}
