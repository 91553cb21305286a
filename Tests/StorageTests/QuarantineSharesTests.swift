import Testing

@testable import Storage

@Suite struct QuarantineSharesTests {
    @Test func aProducerBeyondItsShareIsFullAlone() {
        let quota = QuarantineQuota(limit: 1_000, share: 10)
        quota.take(99, of: 1)
        #expect(!quota.shares.isFull(1))
        quota.take(1, of: 1)
        #expect(quota.shares.isFull(1))
        #expect(!quota.shares.isFull(2) && !quota.isFull)
        #expect(quota.shares.most == 100)
    }

    @Test func whatHasNoShareCountsOnlyForAll() {
        let quota = QuarantineQuota(limit: 1_000, share: 10)
        quota.take(999)
        #expect(!quota.shares.isFull(0))
        quota.take(1)
        #expect(quota.isFull)
    }

    /// Lines count as far as lines of quarantine were compressed.
    @Test func compressionCounts() {
        let quota = QuarantineQuota(limit: 1_000, share: 10)
        quota.take(400, of: 1)
        #expect(quota.shares.isFull(1))
        quota.deflated(raw: 400, compressed: 80)
        #expect(!quota.shares.isFull(1))
        #expect(quota.shares.bytes(of: 1) == 80)
        quota.take(100, of: 1)
        #expect(quota.shares.isFull(1))
    }

    @Test func removedFilesAndSettingsGiveRoom() {
        let quota = QuarantineQuota(limit: 1_000, share: 10)
        quota.take(100, of: 1)
        quota.deflated(raw: 100, compressed: 100)
        #expect(quota.shares.isFull(1))
        quota.removed(50)
        #expect(!quota.shares.isFull(1))
        #expect(quota.shares.bytes(of: 1) == 50)
        quota.shares.set(percent: 5)
        #expect(quota.shares.isFull(1))
        quota.setLimit(2_000)
        #expect(!quota.shares.isFull(1))
        quota.shares.set(percent: 1)
        #expect(quota.shares.isFull(1))
        quota.setLimit(0)
        #expect(!quota.shares.isFull(1) && quota.shares.most == nil)
    }
}
