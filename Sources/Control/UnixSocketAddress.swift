import Glibc

/// The address of a Unix socket in the file system, see unix(7).
struct UnixSocketAddress {
    /// What fits into `sun_path` with its final zero.
    static let pathBytesMax = 107

    private var address = sockaddr_un()

    /// Nil if `path` is empty, longer than `pathBytesMax` bytes, or holds a zero byte.
    init?(path: String) {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count <= Self.pathBytesMax, !bytes.contains(0) else {
            return nil
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    }

    /// 0, or the errno of bind(2).
    func bind(_ fd: Int32) -> Int32 { pass { Glibc.bind(fd, $0, $1) } }

    /// 0, or the errno of connect(2).
    func connect(_ fd: Int32) -> Int32 { pass { Glibc.connect(fd, $0, $1) } }

    private func pass(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 ? 0 : errno
            }
        }
    }
}
