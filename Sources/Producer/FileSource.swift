import Glibc

/// The lines of NDJSON files, one after the other; `-` is standard input.
///
/// Empty lines are left out.
package final class FileSource: EventSource {
    /// Longer than any event a collector takes.
    private static let lineBytesMax = 64 << 20

    /// Not known without reading everything.
    package var total: Int? { nil }

    private let paths: [String]
    private var rounds: Int
    private var nextPath = 0
    private var path = ""
    private var descriptor: Int32 = -1
    private var line = 0
    private var buffer: UnsafeMutableRawBufferPointer
    private var unread = 0..<0

    /// Opens nothing yet.
    ///
    /// - Parameters:
    ///   - paths: none is standard input.
    ///   - rounds: how many times all files are read; standard input can be read once only.
    ///   - bufferBytes: how much is read at once; grows with the longest line.
    package init(paths: [String], rounds: Int = 1, bufferBytes: Int = 1 << 20) {
        self.paths = paths.isEmpty ? ["-"] : paths
        self.rounds = rounds
        buffer = .allocate(byteCount: bufferBytes, alignment: 16)
    }

    deinit {
        if descriptor > 0 { close(descriptor) }
        buffer.deallocate()
    }

    package func appendNext(to payload: inout [UInt8]) throws(ProducerError) -> Bool {
        while true {
            if descriptor < 0, try !openNext() { return false }
            guard let text = try nextLine() else { continue }
            line += 1
            if text.allSatisfy({ $0 == 0x20 || $0 == 0x0d || $0 == 0x09 }) { continue }
            payload.append(contentsOf: text)
            return true
        }
    }

    /// The next line of the open file, valid until the next call; nil, and the file closed, at its
    /// end.
    private func nextLine() throws(ProducerError) -> UnsafeRawBufferPointer? {
        var searched = 0
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[unread])
            if let newline = Self.newline(in: rest, from: searched) {
                unread = (unread.lowerBound + newline + 1)..<unread.upperBound
                return UnsafeRawBufferPointer(rebasing: rest[..<newline])
            }
            searched = rest.count
            if try fill() { continue }
            closeFile()
            return searched > 0 ? UnsafeRawBufferPointer(rebasing: buffer[..<searched]) : nil
        }
    }

    private static func newline(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count,
            let found = memchr(base + start, 0x0a, bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Reads more behind what is unread, which moves to the front; false at the file's end.
    private func fill() throws(ProducerError) -> Bool {
        let count = unread.count
        if unread.lowerBound > 0 {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[unread]))
            unread = 0..<count
        }
        if count == buffer.count { try grow() }
        let free = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
        var got = read(descriptor, free.baseAddress, free.count)
        while got < 0, errno == EINTR { got = read(descriptor, free.baseAddress, free.count) }
        guard got >= 0 else { throw .file(operation: "read", path: path, errno: errno) }
        unread = 0..<(count + got)
        return got > 0
    }

    private func grow() throws(ProducerError) {
        guard buffer.count < Self.lineBytesMax else {
            throw .lineTooLong(path: path, line: line + 1, bytesMax: Self.lineBytesMax)
        }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: buffer.count * 2,
            alignment: 16
        )
        larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
        buffer.deallocate()
        buffer = larger
    }

    private func openNext() throws(ProducerError) -> Bool {
        if nextPath == paths.count {
            rounds -= 1
            nextPath = 0
        }
        guard rounds > 0 else { return false }
        path = paths[nextPath]
        nextPath += 1
        line = 0
        unread = 0..<0
        descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(operation: "open", path: path, errno: errno) }
        return true
    }

    private func closeFile() {
        if descriptor > 0 { close(descriptor) }
        descriptor = -1
        unread = 0..<0
    }
}
