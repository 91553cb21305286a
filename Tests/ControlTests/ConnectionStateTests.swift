import Testing

@testable import Control

/// The rules of a connection, without a socket.
@Suite struct ConnectionStateTests {
    private static let ping = ConnectionState.Action.answer(.once(.ping, arguments: []))
    private static let stats = ConnectionState.Action.answer(.once(.stats, arguments: []))

    private static func receive(
        _ state: inout ConnectionState,
        _ text: String
    ) -> [ConnectionState.Action] {
        state.received(Array(text.utf8))
    }

    @Test func answersOneRequestAtATimeAndReadsNothingMeanwhile() {
        var state = ConnectionState(lineBytesMax: 100)
        #expect(state.wantsInput)
        #expect(Self.receive(&state, "ping\nping\n") == [Self.ping])
        #expect(!state.wantsInput)
        #expect(state.answered(isError: false) == [Self.ping])
        #expect(!state.wantsInput)
        #expect(state.answered(isError: false).isEmpty)
        #expect(state.wantsInput)
    }

    @Test func closesAtTheEndOfInputOnlyWhenAllIsAnswered() {
        var state = ConnectionState(lineBytesMax: 100)
        #expect(Self.receive(&state, "ping\nping") == [Self.ping])
        #expect(state.inputClosed().isEmpty)
        #expect(state.answered(isError: false) == [Self.ping])
        #expect(state.answered(isError: false) == [.close])
        var idle = ConnectionState(lineBytesMax: 100)
        #expect(idle.inputClosed() == [.close])
        #expect(idle.inputClosed().isEmpty)
    }

    @Test func skipsTicksWhileASnapshotIsUnderWay() {
        var state = ConnectionState(lineBytesMax: 100)
        #expect(state.tick().isEmpty)
        #expect(Self.receive(&state, "stats follow\n") == [.startTicks(.standard), Self.stats])
        #expect(state.wantsInput)
        #expect(state.tick().isEmpty)
        #expect(state.answered(isError: false).isEmpty)
        #expect(state.tick() == [Self.stats])
    }

    @Test func anErrorEndsFollowing() {
        var state = ConnectionState(lineBytesMax: 100)
        _ = Self.receive(&state, "stats follow\n")
        #expect(state.answered(isError: true) == [.stopTicks])
        #expect(state.tick().isEmpty)
    }

    @Test func stopWaitsForTheAnswerThatIsUnderWay() {
        var state = ConnectionState(lineBytesMax: 100)
        _ = Self.receive(&state, "ping\nping\n")
        #expect(state.stop().isEmpty)
        #expect(state.answered(isError: false) == [.close])
        #expect(Self.receive(&state, "ping\n").isEmpty)
        var following = ConnectionState(lineBytesMax: 100)
        _ = Self.receive(&following, "stats follow\n")
        _ = following.answered(isError: false)
        #expect(following.stop() == [.stopTicks, .close])
    }

    @Test func aTooLongLineEndsEverything() {
        var state = ConnectionState(lineBytesMax: 4)
        let actions = Self.receive(&state, "ping\ntoo long\nping\n")
        #expect(actions == [Self.ping])
        let rest = state.answered(isError: false)
        #expect(rest.count == 2)
        #expect(rest.last == .close)
        #expect(!state.wantsInput)
    }
}
