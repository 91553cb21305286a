import Compression
import Glibc

/// Reads the bytes of a file in order, inflated if it is gzip.
///
/// The first two bytes identify gzip; consecutive members are one text.
final class FileInput {
    private static let rawBytes = 256 << 10
    /// The first bytes of formats that cannot be sent, with their names.
    private static let foreign: [(magic: [UInt8], name: String)] = [
        ([0x28, 0xb5, 0x2f, 0xfd], "zstd"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"),
        ([0x42, 0x5a, 0x68, 0x39, 0x31, 0x41], "bzip2"), ([0x50, 0x4b, 0x03, 0x04], "zip"),
        ([0xff, 0xfe], "UTF-16"), ([0xfe, 0xff], "UTF-16"),
    ]

    let path: String
    private let descriptor: Int32
    private var isGzip: Bool?
    private var decoder = GzipDecoder()
    private var isInMember = false
    private let raw: UnsafeMutableRawBufferPointer
    private var unread = 0..<0

    /// Opens the file; `-` is standard input, which stays open.
    init(path: String) throws(ProducerError) {
        self.path = path
        raw = .allocate(byteCount: Self.rawBytes, alignment: 16)
        descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(operation: "open", path: path, errno: errno) }
    }

    deinit {
        if descriptor > 0 { close(descriptor) }
        raw.deallocate()
    }

    /// Reads the next bytes into `target`; returns their number, 0 at the end of the file.
    func read(into target: UnsafeMutableRawBufferPointer) throws(ProducerError) -> Int {
        if isGzip == nil { try look() }
        if isGzip == true { return try inflate(into: target) }
        guard !unread.isEmpty else { return try readFile(into: target) }
        let count = min(unread.count, target.count)
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[unread].prefix(count)))
        unread.removeFirst(count)
        return count
    }

    /// Reads the first bytes, which identify the format.
    private func look() throws(ProducerError) {
        while unread.count < 2 {
            let room = UnsafeMutableRawBufferPointer(rebasing: raw[unread.upperBound...])
            let count = try readFile(into: room)
            if count == 0 { break }
            unread = 0..<(unread.upperBound + count)
        }
        let start = raw[unread].prefix(8)
        for (magic, name) in Self.foreign where start.starts(with: magic) {
            throw .damaged(path: path, reason: "it is \(name), not JSON in UTF-8 or gzip of it")
        }
        isGzip = start.starts(with: [0x1f, 0x8b])
    }

    private func inflate(into target: UnsafeMutableRawBufferPointer) throws(ProducerError) -> Int {
        while true {
            if unread.isEmpty {
                unread = 0..<(try readFile(into: raw))
                if unread.isEmpty {
                    guard isInMember else { return 0 }
                    throw .damaged(path: path, reason: "it ends in the middle of its gzip stream")
                }
            }
            if !isInMember {
                guard raw[unread.lowerBound] == 0x1f else {
                    throw .damaged(path: path, reason: "other bytes follow its gzip stream")
                }
                decoder.reset()
                isInMember = true
            }
            let input = UnsafeRawBufferPointer(rebasing: raw[unread])
            let result = decoder.step(input, into: target)
            unread.removeFirst(result.consumed)
            switch result.state {
            case .failed(let reason): throw .damaged(path: path, reason: "as gzip: \(reason)")
            case .ended: isInMember = false
            case .needsInput, .needsOutput, .blockBoundary: break
            }
            if result.produced > 0 { return result.produced }
        }
    }

    private func readFile(
        into target: UnsafeMutableRawBufferPointer
    ) throws(ProducerError) -> Int {
        while true {
            let got = Glibc.read(descriptor, target.baseAddress, target.count)
            if got >= 0 { return got }
            guard errno == EINTR else { throw .file(operation: "read", path: path, errno: errno) }
        }
    }
}

extension Range<Int> {
    /// Advances the lower bound.
    fileprivate mutating func removeFirst(_ count: Int) {
        self = (lowerBound + count)..<upperBound
    }
}
