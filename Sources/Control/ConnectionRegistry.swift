import NIOCore
import Synchronization

/// The open connections of a server: counts them, refuses those beyond the limit, stops them all.
///
/// Any thread.
final class ConnectionRegistry: Sendable {
    /// What connections are told.
    enum Event: Sendable { case stop }

    private let connectionsMax: Int
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(connectionsMax: Int) { self.connectionsMax = connectionsMax }

    /// Takes the connection in; false if the house is full.
    func admit(_ channel: any Channel) -> Bool {
        channels.withLock { channels in
            guard channels.count < connectionsMax else { return false }
            channels[ObjectIdentifier(channel)] = channel
            return true
        }
    }

    func remove(_ channel: any Channel) {
        _ = channels.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    var count: Int { channels.withLock { $0.count } }

    /// What the connection one too many is told.
    var refusal: ControlError {
        ControlError(
            code: ControlError.tooManyConnectionsCode,
            message: "all \(connectionsMax) control connections are in use; close one and try again"
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

    private var open: [any Channel] { channels.withLock { Array($0.values) } }
}
