import Glibc
import TestSupport
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct PollSetTests {
    @Test func tellsWhichSocketIsReady() throws {
        let context = try Context()
        let idle = try Socket.make(.pull, in: context)
        let busy = try Socket.make(.pull, in: context)
        let push = try Socket.make(.push, in: context)
        try idle.bind(ZeroMQEndpoints.anyPort)
        try busy.bind(ZeroMQEndpoints.anyPort)
        var poll = PollSet(capacity: 3)
        let indices = [
            poll.add(idle), poll.add(busy), poll.add(push, readable: false, writable: true),
        ]
        #expect(indices == [0, 1, 2])
        var ready = try poll.ready(within: 0)
        #expect(ready == ([], []))

        try push.connect(busy.lastEndpoint)
        ready = try poll.ready(within: 10_000)
        #expect(ready == ([], [2]))

        poll.setEnabled(2, false)
        try push.send(frames: [[1]])
        ready = try poll.ready(within: 10_000)
        #expect(ready == ([1], []))

        poll.setEnabled(1, false)
        let stale = poll.isReadable(1)
        #expect(!stale)
        ready = try poll.ready(within: 0)
        #expect(ready == ([], []))

        poll.setEnabled(1, true)
        poll.setInterest(2, readable: false, writable: true)
        ready = try poll.ready(within: 0)
        #expect(ready == ([1], [2]))
    }

    @Test func wakesForADescriptor() throws {
        let context = try Context()
        let pull = try Socket.make(.pull, in: context)
        try pull.bind(ZeroMQEndpoints.anyPort)
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var poll = PollSet(capacity: 2)
        poll.add(pull)
        let descriptor = poll.add(descriptor: ends[0])
        var ready = try poll.ready(within: 20)
        #expect(ready == ([], []))
        try #require(write(ends[1], "x", 1) == 1)
        ready = try poll.ready(within: 10_000)
        #expect(ready == ([descriptor], []))
    }
}
