import FoundationEssentials
import Glibc

/// A file with the id of every acknowledged event, one per line, for tests of durability.
///
/// One write(2) after each answer writes its lines: every id in the file was acknowledged.
final class AcknowledgedLog {
    private let path: String
    private let descriptor: Int32

    /// Creates the file, or appends to an existing one.
    init(path: String) throws(ProducerError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .file(operation: "open", path: path, errno: errno) }
    }

    deinit { close(descriptor) }

    /// Appends the ids, except those at the indexes `skipped`.
    func append(_ ids: [String], except skipped: Set<Int>) throws(ProducerError) {
        var lines: [UInt8] = []
        for (index, id) in ids.enumerated() where !skipped.contains(index) {
            lines.append(contentsOf: id.utf8)
            lines.append(0x0a)
        }
        var written = 0
        while written < lines.count {
            let got = lines[written...].withUnsafeBytes {
                write(descriptor, $0.baseAddress, $0.count)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw .file(operation: "write", path: path, errno: errno) }
            written += got
        }
    }

    /// Returns the id (`messageId`, else `id`) of each event, one per line; empty if absent.
    static func eventIds(in payload: [UInt8]) -> [String] {
        payload.split(separator: 0x0a).map { line in
            (try? JSONDecoder().decode(Named.self, from: Data(line)))?.id ?? ""
        }
    }

    /// The part of an event that contains its id: the first member that is a string.
    private struct Named: Decodable {
        let id: String?

        private enum Keys: CodingKey { case messageId, id }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Keys.self)
            id =
                (try? members.decode(String.self, forKey: .messageId))
                ?? (try? members.decode(String.self, forKey: .id))
        }
    }
}
