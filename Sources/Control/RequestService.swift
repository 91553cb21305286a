import FoundationEssentials
import NIOCore
import Platform

/// Answers requests with a line of JSON; shared by all connections, called from their tasks.
struct RequestService: Sendable {
    let permission: ControlPermission
    let handler: ControlHandler
    let onChange: @Sendable (ChangeRecord) -> Void

    /// A line to be sent, and whether the request failed.
    struct Answer: Sendable {
        /// Shared, not copied, by all senders.
        let buffer: ByteBuffer
        let isError: Bool

        init(line: Data, isError: Bool) {
            buffer = ByteBuffer(bytes: line)
            self.isError = isError
        }

        /// For tests.
        var line: Data { Data(buffer.readableBytesView) }
    }

    /// Answers `verb`; an error becomes an answer as well.
    func answer(_ verb: Verb, _ arguments: [String], peer: PeerCredentials?) async -> Answer {
        do {
            if verb.changes { try admit(peer, verb: verb, arguments: arguments) }
            let answer = try await handler.answer(verb, argument: arguments.first)
            return Answer(line: try Self.encode(answer), isError: false)
        } catch {
            return Self.refusal(.from(error))
        }
    }

    /// Returns an error as a line.
    static func refusal(_ error: ControlError) -> Answer {
        let fallback = #"{"error":{"code":"internal","message":"the error cannot be encoded"}}"#
        let line = try? encode(ErrorAnswer(error: error))
        return Answer(line: line ?? Data((fallback + "\n").utf8), isError: true)
    }

    private func admit(_ peer: PeerCredentials?, verb: Verb, arguments: [String]) throws {
        let isPermitted = permission.allowsChanges(by: peer)
        onChange(
            ChangeRecord(
                verb: verb.name,
                arguments: arguments,
                uid: peer?.uid,
                pid: peer?.pid,
                isPermitted: isPermitted
            )
        )
        guard isPermitted else {
            throw ControlError(
                code: ControlError.permissionDeniedCode,
                message: "'\(verb.name)' is for root, the daemon's user and members of "
                    + "\(permission.groupText); you are "
                    + (peer.map { "uid \($0.uid)" } ?? "unknown")
            )
        }
    }

    /// Encodes JSON on one line; keys in order, so that answers can be compared as text.
    private static func encode(_ answer: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var line = try encoder.encode(answer)
        line.append(0x0A)
        return line
    }
}
