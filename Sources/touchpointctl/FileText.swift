import Glibc
import Terminal

/// Returns a file's bytes, or those of standard input for `-`; ends the program with a message if it
/// cannot be read.
func contents(of path: String) throws -> [UInt8] {
    let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { if descriptor > 0 { close(descriptor) } }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count == 0 { return bytes }
        guard count > 0 else {
            if errno == EINTR { continue }
            throw unreadable(path)
        }
        bytes += chunk[..<count]
    }
}

private func unreadable(_ path: String) -> any Error {
    failed("cannot read \(path): \(String(cString: strerror(errno)))", Terminal.ExitCode.ioError)
}
