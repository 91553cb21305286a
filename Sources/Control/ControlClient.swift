package import FoundationEssentials
import NIOCore
import NIOPosix
package import Platform

/// A connection to the control socket: sends requests and returns answers in order.
///
/// Any task.
package struct ControlClient: Sendable {
    private let path: String
    private let channel: any Channel

    /// Connects to the daemon that listens on `path`.
    ///
    /// `isTrusted`: whether the process that listens there may answer for the daemon; nothing is sent
    /// to one that may not.
    ///
    /// - Throws: `ControlClientError`: unreachable, path too long, or another's.
    package static func connect(
        path: String,
        isTrusted: (PeerCredentials?) -> Bool = { _ in true }
    ) async throws(ControlClientError) -> ControlClient {
        let client = try await open(path: path)
        let peer = try? await client.channel.eventLoop.submit { [channel = client.channel] in
            try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { PeerCredentials.of($0) } ?? nil
        }
        .get()
        guard isTrusted(peer) else {
            await client.close()
            throw .notDaemons(path: path, uid: peer?.uid)
        }
        return client
    }

    private static func open(path: String) async throws(ControlClientError) -> ControlClient {
        guard UnixAddress(path: path) != nil else { throw .pathTooLong(path: path) }
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ReplyHandler(path: path))
                    }
                }
                .connect(unixDomainSocketPath: path)
                .get()
            return ControlClient(path: path, channel: channel)
        } catch let error as IOError {
            throw .unreachable(path: path, code: error.errnoCode)
        } catch {
            throw .unreachable(path: path, code: EIO)
        }
    }

    /// Sends one line and returns the line of JSON that answers it, which may be an error of the
    /// daemon.
    ///
    /// Without `timeout` it waits as long as the daemon takes. After a timeout the connection is
    /// closed, because later answers can no longer be assigned.
    package func request(
        _ line: String,
        timeout: Duration? = nil
    ) async throws(ControlClientError) -> Data {
        let promise = channel.eventLoop.makePromise(of: Data.self)
        let timer = timeout.map { timeout in
            channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) { [path, channel] in
                promise.fail(ControlClientError.timedOut(path: path, request: line))
                channel.close(promise: nil)
            }
        }
        defer { timer?.cancel() }
        send(Outgoing(line: line, reply: .once(promise)))
        do {
            return try await promise.futureResult.get()
        } catch let error as ControlClientError {
            throw error
        } catch {
            throw .closed(path: path)
        }
    }

    /// Sends one line and decodes the answer.
    ///
    /// - Throws: `refused` with what the daemon answered, if that is an error.
    package func request<Answer: Decodable>(
        _ line: String,
        as type: Answer.Type,
        timeout: Duration? = nil
    ) async throws(ControlClientError) -> Answer {
        try Self.decode(try await request(line, timeout: timeout), as: type, request: line)
    }

    /// Sends one line and returns every line until the daemon closes, as with `stats follow`.
    ///
    /// No other request can be sent on this connection afterwards.
    ///
    /// A slow consumer loses the oldest lines beyond 16.
    package func lines(_ request: String) -> AsyncThrowingStream<Data, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(
            of: Data.self,
            bufferingPolicy: .bufferingNewest(16)
        )
        continuation.onTermination = { [channel] _ in channel.close(promise: nil) }
        send(Outgoing(line: request, reply: .stream(continuation)))
        return stream
    }

    /// Ends the connection; requests without an answer fail.
    package func close() async {
        try? await channel.close().get()
    }

    /// On a closed connection nothing else would fail the reply.
    private func send(_ outgoing: Outgoing) {
        precondition(!outgoing.line.utf8.contains(0x0A), "a request is one line")
        channel.writeAndFlush(outgoing).whenFailure { [path] _ in
            outgoing.fail(ControlClientError.closed(path: path))
        }
    }

    /// Decodes an answer line; throws an error of the daemon.
    package static func decode<Answer: Decodable>(
        _ line: Data,
        as type: Answer.Type,
        request: String
    ) throws(ControlClientError) -> Answer {
        let decoder = JSONDecoder()
        if let answer = try? decoder.decode(ErrorAnswer.self, from: line) {
            throw .refused(answer.error)
        }
        do {
            return try decoder.decode(Answer.self, from: line)
        } catch {
            throw .badAnswer(request: request, reason: String(describing: error))
        }
    }

    /// Returns the error in an answer line, if it is one.
    package static func refusal(in line: Data) -> ControlError? {
        try? JSONDecoder().decode(ErrorAnswer.self, from: line).error
    }
}
