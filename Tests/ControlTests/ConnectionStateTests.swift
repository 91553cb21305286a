import Testing

@testable import Control

/// The rules of a connection, without a socket.
@Suite struct ConnectionStateTests {
    private static let ping = ConnectionState.Action.answer(
        .once(VerbTable.ping.verb, arguments: [])
    )
    private static let stats = ConnectionState.Action.answer(
        .once(VerbTable.stats.verb, arguments: [])
    )

    private static func receive(
        _ state: inout ConnectionState,
        _ text: String
    ) -> [ConnectionState.Action] {
        state.received(Array(text.utf8))
    }

    private static func tick(_ state: inout ConnectionState) -> Bool { state.tick() }

    @Test func answersOneRequestAtATimeAndReadsNothingMeanwhile() {
        var state = ConnectionState(lineBytesMax: 100)
        #expect(state.wantsInput)
        #expect(Self.receive(&state, "ping\nping\n") == [Self.ping])
        #expect(!state.wantsInput)
        #expect(state.sent(isError: false) == [Self.ping])
        #expect(!state.wantsInput)
        #expect(state.sent(isError: false).isEmpty)
        #expect(state.wantsInput)
    }

    @Test func closesAtTheEndOfInputOnlyWhenAllIsAnswered() {
        var state = ConnectionState(lineBytesMax: 100)
        #expect(Self.receive(&state, "ping\nping") == [Self.ping])
        #expect(state.inputClosed().isEmpty)
        #expect(state.sent(isError: false) == [Self.ping])
        #expect(state.sent(isError: false) == [.close])
        var idle = ConnectionState(lineBytesMax: 100)
        #expect(idle.inputClosed() == [.close])
        #expect(idle.inputClosed().isEmpty)
    }

    @Test func skipsTicksWhileASnapshotIsUnderWay() {
        var state = ConnectionState(lineBytesMax: 100)
        #expect(!Self.tick(&state))
        #expect(Self.receive(&state, "stats follow\n") == [.startTicks(.standard), Self.stats])
        #expect(state.wantsInput)
        #expect(!Self.tick(&state))
        #expect(state.sent(isError: false).isEmpty)
        #expect(Self.tick(&state))
        #expect(!Self.tick(&state))
        #expect(!state.isIdle)
    }

    @Test func anErrorEndsFollowing() {
        var state = ConnectionState(lineBytesMax: 100)
        _ = Self.receive(&state, "stats follow\n")
        #expect(state.sent(isError: true) == [.stopTicks])
        #expect(!Self.tick(&state))
        #expect(state.isIdle)
    }

    @Test func stopWaitsForTheAnswerThatIsUnderWay() {
        var state = ConnectionState(lineBytesMax: 100)
        _ = Self.receive(&state, "ping\nping\n")
        #expect(state.stop().isEmpty)
        #expect(state.sent(isError: false) == [.close])
        #expect(Self.receive(&state, "ping\n").isEmpty)
        var following = ConnectionState(lineBytesMax: 100)
        _ = Self.receive(&following, "stats follow\n")
        _ = following.sent(isError: false)
        #expect(following.stop() == [.stopTicks, .close])
    }

    @Test func refusalsAreSentOneAfterTheOther() {
        var state = ConnectionState(lineBytesMax: 100)
        #expect(Self.receive(&state, "nonsense\nnonsense\nping\n").count == 1)
        #expect(!state.wantsInput)
        #expect(state.sent(isError: true).count == 1)
        #expect(state.sent(isError: true) == [Self.ping])
        #expect(!state.isIdle)
        #expect(state.sent(isError: false).isEmpty)
        #expect(state.isIdle)
    }

    @Test func whoIsTurnedAwayHearsWhyAndNothingElse() {
        var state = ConnectionState(lineBytesMax: 100)
        let full = ControlError(code: "full", message: "no place")
        #expect(state.turnAway(full) == [.refuse(full)])
        #expect(Self.receive(&state, "ping\n").isEmpty)
        #expect(state.sent(isError: true) == [.close])
    }

    @Test func aTooLongLineEndsEverything() {
        var state = ConnectionState(lineBytesMax: 4)
        let actions = Self.receive(&state, "ping\ntoo long\nping\n")
        #expect(actions == [Self.ping])
        #expect(state.sent(isError: false).count == 1)
        #expect(!state.wantsInput)
        #expect(state.sent(isError: true) == [.close])
        #expect(!state.wantsInput)
    }
}
