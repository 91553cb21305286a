import NIOCore
import Synchronization

/// The open connections of a server and what waits to be read by them; stops them all.
///
/// Any thread.
final class ConnectionRegistry: Sendable {
    /// What connections are told.
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

    /// Takes the connection in, closing another that gives way to it; false if there is no place.
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

    /// Notes whether a connection has had nothing to do from now on.
    func note(_ channel: any Channel, isIdle: Bool) {
        connections.withLock {
            $0.places.note(ObjectIdentifier(channel), idleSince: isIdle ? .now : nil)
        }
    }

    var count: Int { connections.withLock { $0.places.count } }

    /// Makes room for an answer that waits to be read; false if too much of others waits already.
    func reserve(answerBytes: Int) -> Bool {
        answersBytes.withLock { waiting in
            guard waiting == 0 || answerBytes <= answersBytesMax - waiting else { return false }
            waiting += answerBytes
            return true
        }
    }

    func release(answerBytes: Int) { answersBytes.withLock { $0 -= answerBytes } }

    /// What the connection one too many is told.
    var refusal: ControlError {
        ControlError(
            code: ControlError.tooManyConnectionsCode,
            message: "all \(othersMax) control connections (\(connectionsMax) with those kept for "
                + "root and the daemon's user) are in use; close one and try again"
        )
    }

    /// What a client is told whose answer would be too much beside those that wait to be read.
    var tooMuchWaits: ControlError {
        ControlError(
            code: ControlError.unavailableCode,
            message: "answers of \(answersBytesMax) bytes wait for clients to read them; "
                + "try again when they have"
        )
    }

    /// Lets every connection finish what it is answering and closes it; those that have not closed
    /// after `grace` are cut.
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
