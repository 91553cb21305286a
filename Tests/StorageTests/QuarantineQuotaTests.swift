import Glibc
import Testing

@testable import Disk
@testable import Storage

@Suite struct QuarantineQuotaTests {
    @Test func linesCountRawUntilTheyAreDeflated() {
        let quota = QuarantineQuota(limit: 1_000)
        quota.take(900)
        #expect(quota.bytes == 900 && !quota.isFull)
        quota.deflated(raw: 900, compressed: 100)
        #expect(quota.bytes == 100)
    }

    @Test func isFullAtTheLimitAndFreeASixteenthBelowIt() {
        let quota = QuarantineQuota(limit: 1_600)
        quota.deflated(raw: 0, compressed: 1_599)
        #expect(!quota.isFull && quota.why == nil)
        quota.take(1)
        #expect(quota.isFull)
        #expect(quota.why == "1600 bytes, quarantine.maxBytes is 1600")
        quota.removed(100)
        #expect(quota.isFull)
        quota.removed(1)
        #expect(!quota.isFull && quota.why == nil)
        quota.take(101)
        #expect(quota.isFull)
    }

    @Test func withoutALimitItIsNeverFull() {
        let quota = QuarantineQuota(limit: 0)
        quota.deflated(raw: 0, compressed: 1 << 50)
        #expect(!quota.isFull)
    }

    @Test func aNewLimitCountsAtOnce() {
        let quota = QuarantineQuota(limit: 1_600)
        quota.deflated(raw: 0, compressed: 1_000)
        quota.setLimit(1_000)
        #expect(quota.isFull)
        // Without the sixteenth: the operator has set a new limit.
        quota.setLimit(1_001)
        #expect(!quota.isFull)
        quota.setLimit(10)
        #expect(quota.isFull)
        quota.setLimit(0)
        #expect(!quota.isFull)
    }

    @Test func measuringTakesInWhatIsWrittenMeanwhile() {
        let quota = QuarantineQuota(limit: 1_600)
        quota.deflated(raw: 0, compressed: 100)
        let growth = quota.growth
        quota.deflated(raw: 0, compressed: 20)
        quota.measured(1_500, since: growth)
        #expect(quota.bytes == 1_520 && !quota.isFull)
        quota.measured(1_600, since: quota.growth)
        #expect(quota.isFull)
        quota.measured(10, since: quota.growth)
        #expect(quota.bytes == 10 && !quota.isFull)
    }

    @Test func aDiskThatRefusesFillsItUntilItTakesFilesAgain() {
        let quota = QuarantineQuota(limit: 1_600)
        quota.refuse(FileSystemError(.allocate, "quarantine/a", code: ENOSPC))
        #expect(quota.isFull && quota.isRefused)
        #expect(
            quota.why
                == "its disk refuses: allocate quarantine/a: No space left on device"
        )
        quota.removed(0)
        #expect(quota.isFull)
        quota.readmit()
        #expect(!quota.isFull && !quota.isRefused)
    }
}
