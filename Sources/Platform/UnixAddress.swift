package import Glibc

/// The address of a Unix socket, see unix(7).
package struct UnixAddress: Sendable {
    /// The most bytes that fit into `sun_path` with its final zero.
    package static let pathBytesMax = 107

    private var address = sockaddr_un()
    private let length: socklen_t

    /// Of a file; nil if `path` is empty, longer than ``pathBytesMax`` bytes, or holds a zero byte.
    package init?(path: String) {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
        self.init(bytes, isAbstract: false)
    }

    /// Of an abstract name after `@`, else of a file.
    package init?(name: String) {
        guard name.utf8.first == UInt8(ascii: "@") else {
            self.init(path: name)
            return
        }
        guard name.utf8.count > 1 else { return nil }
        self.init([0] + name.utf8.dropFirst(), isAbstract: true)
    }

    private init?(_ bytes: [UInt8], isAbstract: Bool) {
        guard bytes.count <= Self.pathBytesMax else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // An abstract name is as long as the length says; a path includes its zero.
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        length = socklen_t(offset + bytes.count + (isAbstract ? 0 : 1))
    }

    /// 0, or the errno of bind(2).
    package func bind(_ descriptor: Int32) -> Int32 {
        withPointer { Glibc.bind(descriptor, $0, $1) == 0 ? 0 : errno }
    }

    /// 0, or the errno of connect(2).
    package func connect(_ descriptor: Int32) -> Int32 {
        withPointer { Glibc.connect(descriptor, $0, $1) == 0 ? 0 : errno }
    }

    /// Lends the address to a system call.
    package func withPointer<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
