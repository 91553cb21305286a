import NIOCore
import Synchronization

/// The open connections of a server and the bytes of their unread answers; stops them all.
///
/// Any thread.
final class ConnectionRegistry: Sendable {
    /// An event sent to connections.
    enum Event: Sendable { case stop }

    private struct Connections {
        var places: ConnectionPlaces
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let connectionsMax: Int
    private let othersMax: Int
    private let answersBytesMax: Int
    private let connections: Mutex<Connections>
    private let answersBytes = Mutex(0)

    /// `reserved` of `connectionsMax` places are for root and the daemon's user only.
    init(connectionsMax: Int, reserved: Int, answersBytesMax: Int) {
        let places = ConnectionPlaces(connectionsMax: connectionsMax, reserved: reserved)
        self.connectionsMax = connectionsMax
        self.othersMax = places.othersMax
        self.answersBytesMax = answersBytesMax
        connections = Mutex(Connections(places: places))
    }

    /// Admits the connection, closing an idle one if necessary; false if there is no place.
    func admit(_ channel: any Channel, isPrivileged: Bool) -> Bool {
        let (isAdmitted, idle) = connections.withLock { connections in
            let id = ObjectIdentifier(channel)
            switch connections.places.admit(id, isPrivileged: isPrivileged, now: .now) {
            case .refused: return (false, (any Channel)?.none)
            case .admitted:
                connections.channels[id] = channel
                return (true, nil)
            case .instead(let other):
                connections.channels[id] = channel
                return (true, connections.channels.removeValue(forKey: other))
            }
        }
        idle?.close(promise: nil)
        return isAdmitted
    }

    func remove(_ channel: any Channel) {
        connections.withLock { connections in
            connections.places.remove(ObjectIdentifier(channel))
            connections.channels[ObjectIdentifier(channel)] = nil
        }
    }

    /// Records whether a connection is idle from now on.
    func note(_ channel: any Channel, isIdle: Bool) {
        connections.withLock {
            $0.places.note(ObjectIdentifier(channel), idleSince: isIdle ? .now : nil)
        }
    }

    var count: Int { connections.withLock { $0.places.count } }

    /// Reserves space for an unread answer; false if too much of other clients is unread.
    func reserve(answerBytes: Int) -> Bool {
        answersBytes.withLock { waiting in
            guard waiting == 0 || answerBytes <= answersBytesMax - waiting else { return false }
            waiting += answerBytes
            return true
        }
    }

    func release(answerBytes: Int) { answersBytes.withLock { $0 -= answerBytes } }

    /// The error for a connection beyond the maximum.
    var refusal: ControlError {
        ControlError(
            code: ControlError.tooManyConnectionsCode,
            message: "all \(othersMax) control connections (\(connectionsMax) with those kept for "
                + "root and the daemon's user) are in use; close one and try again"
        )
    }

    /// The error for an answer that would exceed the limit of unread answers.
    var tooMuchWaits: ControlError {
        ControlError(
            code: ControlError.unavailableCode,
            message: "answers of \(answersBytesMax) bytes wait for clients to read them; "
                + "try again when they have"
        )
    }

    /// Lets every connection finish its current answer and closes it; those still open after
    /// `grace` are cut.
    ///
    /// Works in a cancelled task as well.
    func stopAll(grace: Duration) async {
        let stopping = open.map { channel in
            channel.pipeline.fireUserInboundEventTriggered(Event.stop)
            let cut = channel.eventLoop.scheduleTask(in: TimeAmount(grace)) {
                channel.close(promise: nil)
            }
            return (channel: channel, cut: cut)
        }
        for connection in stopping {
            try? await connection.channel.closeFuture.get()
            connection.cut.cancel()
        }
    }

    private var open: [any Channel] { connections.withLock { Array($0.channels.values) } }
}
