import Testing

@testable import Pipeline

@Suite struct CommitScheduleTests {
    private func schedule() -> CommitSchedule { CommitSchedule(interval: .milliseconds(100)) }
    private let interval: Int64 = 100_000_000

    private func isDue(
        _ schedule: CommitSchedule,
        at now: Int64,
        isIdle: Bool = true,
        jobs: Int = 0,
        durableAt: Int64 = .min,
        seals: Int = 0,
        compressedBytes: UInt64 = 0
    ) -> Bool {
        schedule.isDue(
            at: now,
            lastMessageAt: isIdle ? now - CommitSchedule.quietNanoseconds : now,
            jobsUnderWay: jobs,
            durableAt: durableAt,
            seals: seals,
            compressedBytes: compressedBytes
        )
    }

    private func untilDue(
        _ schedule: CommitSchedule,
        at now: Int64,
        lastMessageAt: Int64 = 0,
        durableAt: Int64 = .min
    ) -> Int64? {
        schedule.untilDue(at: now, lastMessageAt: lastMessageAt, durableAt: durableAt)
    }

    @Test func nothingIsDueWhenNothingWaits() {
        var schedule = schedule()
        #expect(!isDue(schedule, at: .max))
        #expect(untilDue(schedule, at: 5) == nil)
        schedule.wantAnswers(1, bytes: 100)
        #expect(!isDue(schedule, at: .max), "an answer without events waits for its touch")
    }

    @Test func commitsWhenTheIntervalIsOver() {
        var schedule = schedule()
        schedule.touch(at: 1_000)
        #expect(!isDue(schedule, at: 999 + interval))
        #expect(isDue(schedule, at: 1_000 + interval))
        #expect(isDue(schedule, at: 1_000 + interval, isIdle: false))
        #expect(untilDue(schedule, at: 1_000) == interval)
        #expect(untilDue(schedule, at: 2_000 + interval) == 0)
    }

    @Test func countsFromTheFirstEvent() {
        var schedule = schedule()
        schedule.touch(at: 1_000)
        schedule.touch(at: 1_000 + interval / 2)
        #expect(schedule.openSince == 1_000)
    }

    @Test func commitsAtOnceForAnAnswerWhenRingsAndDiskAreIdle() {
        var schedule = schedule()
        schedule.touch(at: 0)
        schedule.wantAnswers(1, bytes: 100)
        #expect(isDue(schedule, at: 1))
        #expect(!isDue(schedule, at: 1, isIdle: false))
        #expect(!isDue(schedule, at: 1, jobs: 1))
    }

    @Test func commitsForAnAnswerAfterAMomentWhileMessagesKeepComing() {
        var schedule = schedule()
        schedule.touch(at: 7)
        schedule.wantAnswers(1, bytes: 100)
        let gathered = 7 + CommitSchedule.gatherNanoseconds
        #expect(!isDue(schedule, at: gathered - 1, isIdle: false))
        #expect(isDue(schedule, at: gathered, isIdle: false))
        #expect(!isDue(schedule, at: gathered, isIdle: false, jobs: 1))
    }

    @Test func keepsADistanceBetweenCommitsWhereManyWait() {
        var schedule = schedule()
        for _ in 0..<CommitSchedule.crowdMin { schedule.wantAnswers(1, bytes: 100) }
        schedule.touch(at: 1_000)
        #expect(isDue(schedule, at: 1_001), "the first has nothing to keep a distance to")
        schedule.committed(at: 1_001, compressedBytes: 0)
        schedule.touch(at: 2_000)
        schedule.wantAnswers(1, bytes: 100)
        let next = 1_001 + CommitSchedule.crowdNanoseconds
        #expect(!isDue(schedule, at: next - 1))
        #expect(untilDue(schedule, at: next - 7) == 7)
        #expect(isDue(schedule, at: next))
        schedule.wantAnswers(1, bytes: CommitSchedule.crowdBytesMax)
        #expect(isDue(schedule, at: 2_001), "so much is worth a sync at any time")
    }

    @Test func aLoneClientNeverWaitsForOthers() {
        var schedule = schedule()
        for now: Int64 in [10, 20, 30] {
            schedule.touch(at: now)
            schedule.wantAnswers(1, bytes: 100)
            #expect(isDue(schedule, at: now) && untilDue(schedule, at: now) == 0)
            schedule.committed(at: now, compressedBytes: 0)
        }
    }

    @Test func aCommitUnderWayGathersTheNextBehindIt() {
        var schedule = schedule()
        schedule.touch(at: 0)
        #expect(!isDue(schedule, at: interval * 9, jobs: 1))
        #expect(isDue(schedule, at: interval * 9))
    }

    /// A schedule with a commit that began at 0, and events after it.
    private var committed: CommitSchedule {
        var schedule = schedule()
        schedule.touch(at: 0)
        schedule.committed(at: 0, compressedBytes: 0)
        schedule.touch(at: 1)
        return schedule
    }

    @Test func aCommitThatTookLongIsFollowedByAPauseWhileEventsCome() {
        var schedule = committed
        let end = interval * 3
        let next = end + end * CommitSchedule.pauseFactor
        #expect(!isDue(schedule, at: next - 1, isIdle: false, durableAt: end))
        #expect(isDue(schedule, at: next, isIdle: false, durableAt: end))
        schedule.wantAnswers(1, bytes: 100)
        #expect(isDue(schedule, at: end, isIdle: false, durableAt: end), "somebody waits")
    }

    @Test func thePauseEndsWhenNothingHasComeForAWhile() {
        let end = interval * 3
        let quiet = end + CommitSchedule.quietNanoseconds
        func isDue(_ now: Int64) -> Bool {
            committed.isDue(
                at: now,
                lastMessageAt: end,
                jobsUnderWay: 0,
                durableAt: end,
                seals: 0,
                compressedBytes: 0
            )
        }
        #expect(!isDue(quiet - 1), "rings that are empty for a moment are no end")
        #expect(isDue(quiet))
        let wait = untilDue(committed, at: end + 7, lastMessageAt: end, durableAt: end)
        #expect(wait == CommitSchedule.quietNanoseconds - 7, "a writer sleeps until then")
        #expect(untilDue(committed, at: end, lastMessageAt: 1, durableAt: end) == 0)
    }

    @Test func aCommitWithinTheIntervalIsFollowedByNoPause() {
        #expect(isDue(committed, at: interval + 1, isIdle: false, durableAt: interval))
    }

    @Test func noPauseIsLongerThanTwoSeconds() {
        let end = interval * 100
        let next = end + CommitSchedule.pauseNanosecondsMax
        #expect(!isDue(committed, at: next - 1, isIdle: false, durableAt: end))
        #expect(isDue(committed, at: next, isIdle: false, durableAt: end))
    }

    @Test func demandQueuesBehindACommitUnderWay() {
        var schedule = schedule()
        schedule.demand()
        #expect(isDue(schedule, at: 0, isIdle: false, jobs: 7))
    }

    @Test func manySealsAreDueAtOnce() {
        var schedule = schedule()
        schedule.touch(at: 0)
        let most = CommitSchedule.sealsMax
        #expect(!isDue(schedule, at: 1, seals: most - 1))
        #expect(isDue(schedule, at: 1, isIdle: false, seals: most))
    }

    @Test func manyBytesAreDueAtOnce() {
        var schedule = schedule()
        schedule.touch(at: 0)
        let most = CommitSchedule.commitBytesMax
        #expect(!isDue(schedule, at: 1, isIdle: false, compressedBytes: most - 1))
        #expect(isDue(schedule, at: 1, isIdle: false, compressedBytes: most))
        #expect(!isDue(schedule, at: 1, isIdle: false, jobs: 1, compressedBytes: most))
        schedule.committed(at: 1, compressedBytes: most)
        schedule.touch(at: 2)
        #expect(!isDue(schedule, at: 3, isIdle: false, compressedBytes: most * 2 - 1))
        let isDueInPause = isDue(
            schedule,
            at: interval * 3 + 1,
            isIdle: false,
            durableAt: interval * 3,
            compressedBytes: most * 2
        )
        #expect(isDueInPause, "a pause does not keep them either")
    }

    @Test func aCommitTakesAllReasonsAway() {
        var schedule = schedule()
        schedule.touch(at: 0)
        schedule.wantAnswers(1, bytes: 100)
        schedule.demand()
        schedule.committed(at: 10, compressedBytes: 0)
        #expect(!isDue(schedule, at: .max))
        schedule.touch(at: 5)
        #expect(!isDue(schedule, at: 6), "the answer went out with the commit")
    }

    @Test func aNewIntervalCountsAtOnce() {
        var schedule = schedule()
        schedule.touch(at: 0)
        schedule.intervalNanoseconds = 10
        #expect(isDue(schedule, at: 10))
    }
}
