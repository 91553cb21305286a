import NIOCore

/// The part of a body that has come.
struct Body {
    private(set) var bytes = ByteBuffer()
    /// Bytes that count in the source's budget.
    private var counted = 0
    /// Whether reading was put off.
    var isReadHeld = false

    mutating func begin() {
        bytes = ByteBuffer()
    }

    /// Adds a part; returns how many bytes more it takes.
    mutating func add(_ part: ByteBuffer) -> Int {
        if bytes.readableBytes == 0 {
            bytes = part
        } else {
            bytes.writeImmutableBuffer(part)
        }
        counted += part.readableBytes
        return part.readableBytes
    }

    /// Replaces all that has come.
    mutating func change(_ change: (ByteBuffer) -> ByteBuffer) {
        bytes = change(bytes)
    }

    /// Drops all; returns how many bytes less it takes.
    mutating func release() -> Int {
        defer { counted = 0 }
        if counted > 0 { bytes = ByteBuffer() }
        return counted
    }
}
