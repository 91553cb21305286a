import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Daemon

@Suite struct DaemonPartTests {
    private func serviceGroup(of parts: [DaemonPart]) -> ServiceGroup {
        let logger = Logger(label: "parts") { _ in SwiftLogNoOpLogHandler() }
        return ServiceGroup(
            configuration: ServiceGroupConfiguration(services: parts, logger: logger)
        )
    }

    @Test func partsEndOneByOneInReverseOrder() async throws {
        let ended = Mutex<[Int]>([])
        let parts = (0..<4).map { number in
            DaemonPart(end: {
                for _ in 0..<10 { await Task.yield() }
                ended.withLock { $0.append(number) }
            })
        }
        let group = serviceGroup(of: parts)
        await group.triggerGracefulShutdown()
        try await group.run()
        #expect(ended.withLock { $0 } == [3, 2, 1, 0])
    }

    @Test func aPartThatFinishedItsWorkEndsNothing() async throws {
        let (steps, events) = AsyncStream<String>.makeStream()
        let group = serviceGroup(of: [
            DaemonPart(work: { events.yield("worked") }, end: { events.yield("ended") })
        ])
        async let running: Void = group.run()
        var iterator = steps.makeAsyncIterator()
        #expect(await iterator.next() == "worked")
        await group.triggerGracefulShutdown()
        try await running
        #expect(await iterator.next() == "ended")
    }

    @Test func workInHandIsCancelledAndNotWaitedFor() async throws {
        let (requests, events) = AsyncStream<Int>.makeStream()
        let (never, hold) = AsyncStream<Int>.makeStream()
        let (seen, tell) = AsyncStream<String>.makeStream()
        let group = serviceGroup(of: [
            DaemonPart(work: {
                tell.yield("works")
                for await _ in requests {}
                tell.yield(Task.isCancelled ? "cancelled" : "finished")
                // Work that hangs, and ignores its cancellation.
                await Task.detached { for await _ in never {} }.value
            })
        ])
        async let running: Void = group.run()
        var iterator = seen.makeAsyncIterator()
        #expect(await iterator.next() == "works")
        await group.triggerGracefulShutdown()
        try await running
        #expect(await iterator.next() == "cancelled")
        hold.finish()
        events.finish()
    }
}
