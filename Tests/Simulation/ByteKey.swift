import Glibc

/// Bytes as a key; an array of them is hashed byte by byte, which takes ten times as long.
struct ByteKey: Hashable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    static func == (left: ByteKey, right: ByteKey) -> Bool {
        left.bytes.count == right.bytes.count && left.bytes.begins(with: right.bytes)
    }
}

extension [UInt8] {
    func begins(with other: [UInt8]) -> Bool {
        guard count >= other.count else { return false }
        return withUnsafeBytes { mine in
            other.withUnsafeBytes { other in
                guard let left = mine.baseAddress, let right = other.baseAddress else {
                    return other.isEmpty
                }
                return left == right || memcmp(left, right, other.count) == 0
            }
        }
    }
}
