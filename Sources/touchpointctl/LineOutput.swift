import Glibc
import Terminal

/// Buffers lines of JSON and writes them to standard output in large pieces: unchanged, or escaped
/// on a terminal.
final class LineOutput {
    private static let bufferBytes = 256 << 10
    private let isTerminal = isatty(1) == 1
    private var buffer: [UInt8] = []
    /// The errno of the write that failed.
    private(set) var failure: Int32?

    /// Adds a line without its line feed; returns false if the reader is gone.
    func write(_ line: UnsafeRawBufferPointer) -> Bool {
        if isTerminal {
            buffer += Array(ShownText.json(String(decoding: line, as: UTF8.self)).utf8)
        } else {
            buffer += line
        }
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.bufferBytes { flush() }
        return failure == nil
    }

    func flush() {
        var rest = buffer[...]
        while !rest.isEmpty, failure == nil {
            let written = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno != EINTR { failure = errno }
            } else {
                rest = rest.dropFirst(written)
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
