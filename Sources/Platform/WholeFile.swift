import Glibc

/// Reads what is wanted whole: files and pipes whose size is bounded, or that somebody asked for.
///
/// Any thread; a pipe without an end blocks it.
package enum WholeFile {
    package enum Failure: Error {
        case system(SystemError)
        /// There is more than the limit.
        case tooLarge
    }

    private static let chunkBytes = 64 << 10

    /// Returns the bytes of a file, at most `bytesMax`.
    package static func read(
        _ path: String,
        bytesMax: Int = .max
    ) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(SystemError(code: errno)) }
        defer { close(descriptor) }
        return try read(descriptor, bytesMax: bytesMax)
    }

    /// Returns what can be read until the end, at most `bytesMax` bytes; EINTR is retried.
    package static func read(
        _ descriptor: Int32,
        bytesMax: Int = .max
    ) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: chunkBytes)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw .system(SystemError(code: errno))
            }
            bytes += chunk[..<count]
            guard bytes.count <= bytesMax else { throw .tooLarge }
        }
    }
}
