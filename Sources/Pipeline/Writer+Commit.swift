import Dedup
import Disk
import Filing
import Intake
import Platform
import Storage
import Synchronization

/// The writer's commits, commands, and published numbers.
extension Writer {
    /// Flushes all pending events and hands them to the committer.
    mutating func commit(isLast: Bool) throws(FileSystemError) {
        let begunAt = SystemClock.monotonicNanoseconds
        store.forgetHeld(durable: shared.durableCommit)
        var files = try store.takeBatch()
        if store.failure != nil { try replaceSegments(in: &files) }
        // Ahead of the job: the events that it settles must first be counted as in flight.
        tell(force: true)
        let answers = filing.takeAnswers()
        let job = CommitJob(
            number: store.lastCommit,
            files: files,
            answers: answers.ready,
            deferred: answers.deferred,
            tallies: filing.takeTallies(),
            begunAt: begunAt,
            receivedAt: filing.takeOldestReceipt(),
            waiters: next.takeWaiters(),
            isLast: isLast
        )
        filing.beginCommit(wants: next.takeWants())
        next.handedOver = job.number
        schedule.committed(at: begunAt, compressedBytes: store.compressedBytes)
        shared.hand(over: job)
    }

    /// Does a command; in the middle of a message, with the events filed so far.
    mutating func perform(
        _ command: WriterCommand,
        isWithinMessage: Bool
    ) throws(FileSystemError) {
        switch command {
        case .flush(let waiter):
            if !isWithinMessage { try takeAllWaiting() }
            next.add(waiter)
            schedule.demand()
        case .seal(let prefix, let waiter):
            if !isWithinMessage { try takeAllWaiting() }
            _ = try store.seal(prefix: prefix)
            next.add(waiter)
            schedule.demand()
        case .describe(let answer):
            answer(store.describeOpen())
        case .tune(let tunables):
            schedule.intervalNanoseconds = tunables.commitInterval.nanoseconds
            store.setLimits(
                segmentBytesMax: tunables.segmentBytesMax,
                ageMax: tunables.segmentAgeMax,
                idleMax: tunables.segmentIdleMax
            )
        case .want(let change):
            next.wants = change
            schedule.demand()
        }
    }

    func refuse(_ command: WriterCommand, _ error: FileSystemError) {
        switch command {
        case .flush(let waiter), .seal(_, let waiter): waiter.finish(.failure(error))
        case .describe(let answer): answer(store.describeOpen())
        case .tune, .want: break
        }
    }

    /// Publishes the round's numbers: received events at once, so that the ledger always adds up,
    /// the rest a few times a second.
    mutating func tell(force: Bool = false) {
        let isTime = times.isTimeToTell(force: force)
        guard isTime || filing.hasArrived else { return }
        let producers = places.producers
        shared.numbers.withLock { numbers in
            filing.takeArrived { producer, count in
                numbers.ledgers.arrive(producer, count)
                if producers.limitsInForce != nil {
                    producers[producer].allowance.add(events: count)
                }
            }
            if isTime { tellTheRest(&numbers) }
        }
    }

    private func tellTheRest(_ numbers: inout WriterShared.Numbers) {
        filing.takeChannels { numbers.channels.add($0, $1) }
        numbers.lateness = filing.lateness
        numbers.openSegments = store.openCount
        numbers.rawBytes = store.rawBytes
        numbers.compressedBytes = store.compressedBytes
    }
}
