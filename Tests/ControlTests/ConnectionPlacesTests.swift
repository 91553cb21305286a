import Testing

@testable import Control

/// Which clients keep a connection when there are few places.
@Suite struct ConnectionPlacesTests {
    private final class Client {}

    private let start = ContinuousClock.now
    private let clients = (0..<20).map { _ in Client() }

    private func id(_ number: Int) -> ObjectIdentifier { ObjectIdentifier(clients[number]) }

    /// Returns four places, one of them reserved, with the other three taken by busy clients.
    private func full() -> ConnectionPlaces {
        var places = ConnectionPlaces(connectionsMax: 4, reserved: 1)
        for number in 0..<3 {
            #expect(admit(&places, number, isPrivileged: false) == .admitted)
            places.note(id(number), idleSince: nil)
        }
        return places
    }

    private func admit(
        _ places: inout ConnectionPlaces,
        _ number: Int,
        isPrivileged: Bool,
        after: Duration = .zero
    ) -> ConnectionPlaces.Admission {
        places.admit(id(number), isPrivileged: isPrivileged, now: start + after)
    }

    @Test func aPlaceIsKeptForRootAndTheDaemonsUser() {
        var places = full()
        #expect(admit(&places, 3, isPrivileged: false, after: .seconds(60)) == .refused)
        #expect(admit(&places, 4, isPrivileged: true) == .admitted)
        places.note(id(4), idleSince: nil)
        #expect(admit(&places, 5, isPrivileged: true, after: .seconds(60)) == .refused)
        #expect(places.count == 4)
        places.remove(id(0))
        #expect(admit(&places, 6, isPrivileged: false) == .admitted)
    }

    @Test func theLongestIdleGivesWayButNotRootToOthers() {
        var places = full()
        _ = admit(&places, 4, isPrivileged: true)
        places.note(id(4), idleSince: start)
        places.note(id(1), idleSince: start + .seconds(1))
        places.note(id(2), idleSince: start + .seconds(2))
        #expect(admit(&places, 5, isPrivileged: false, after: .milliseconds(1900)) == .refused)
        let later = admit(&places, 6, isPrivileged: false, after: .seconds(5))
        #expect(later == .instead(of: id(1)))
        let root = admit(&places, 7, isPrivileged: true, after: .seconds(5))
        #expect(root == .instead(of: id(4)))
        #expect(places.count == 4)
    }

    @Test func whoHasJustComeIsNotSentAwayAtOnce() {
        var places = ConnectionPlaces(connectionsMax: 2, reserved: 0)
        _ = admit(&places, 0, isPrivileged: false)
        _ = admit(&places, 1, isPrivileged: false)
        #expect(admit(&places, 2, isPrivileged: false, after: .milliseconds(999)) == .refused)
        #expect(admit(&places, 2, isPrivileged: true, after: .milliseconds(99)) == .refused)
        let root = admit(&places, 2, isPrivileged: true, after: .milliseconds(100))
        #expect(root != .refused)
    }
}
