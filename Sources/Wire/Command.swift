/// A ZMTP command: a name and its data, as the body of a command frame (ZeroMQ RFC 23 and 37).
package struct Command {
    /// The longest command that is read, in bytes of its body.
    package static let byteCountMax = 2 << 10
    /// The most properties that a READY command may have.
    package static let propertiesMax = 8

    /// The name's characters.
    package let name: UnsafeRawBufferPointer
    package let data: UnsafeRawBufferPointer

    /// Reads a command frame's body; nil unless it has a name.
    package init?(_ body: UnsafeRawBufferPointer) {
        guard let count = body.first.map(Int.init), count > 0, body.count > count else {
            return nil
        }
        name = UnsafeRawBufferPointer(rebasing: body[1...count])
        data = UnsafeRawBufferPointer(rebasing: body[(count + 1)...])
    }

    package func isNamed(_ name: StaticString) -> Bool {
        self.name.count == name.utf8CodeUnitCount
            && self.name.elementsEqual(
                UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
            )
    }

    /// The body of a command: the name with its length, then the data.
    package static func body(_ name: String, _ data: [UInt8] = []) -> [UInt8] {
        [UInt8(truncatingIfNeeded: name.utf8.count)] + Array(name.utf8) + data
    }
}

/// The properties of a peer, which READY and, with CURVE, INITIATE carry.
///
/// Each is a name with its length in one byte, and a value with its length in four, in network byte
/// order (ZeroMQ RFC 23, section 3).
package enum PeerProperties {
    /// Reads the properties and returns the value of `Socket-Type`; nil if they are malformed, more
    /// than ``Command/propertiesMax``, or do not name one.
    ///
    /// All others are ignored, above all `Identity`: a connection's number is its name here.
    package static func socketType(in data: UnsafeRawBufferPointer) -> String? {
        var rest = data
        var type: String?
        var count = 0
        while !rest.isEmpty {
            guard count < Command.propertiesMax, let (name, value) = next(&rest) else { return nil }
            count += 1
            if isSocketType(name) { type = String(decoding: value, as: UTF8.self) }
        }
        return type
    }

    /// Writes the properties of this end.
    package static func written(socketType: String) -> [UInt8] {
        property("Socket-Type", socketType)
            + (socketType == "ROUTER" ? property("Identity", "") : [])
    }

    private static func property(_ name: String, _ value: String) -> [UInt8] {
        let count = UInt32(truncatingIfNeeded: value.utf8.count)
        return [UInt8(truncatingIfNeeded: name.utf8.count)] + Array(name.utf8)
            + withUnsafeBytes(of: count.bigEndian) { Array($0) } + Array(value.utf8)
    }

    private static func next(
        _ rest: inout UnsafeRawBufferPointer
    ) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        let nameCount = Int(rest[0])
        guard nameCount > 0, rest.count >= 1 + nameCount + 4 else { return nil }
        let name = UnsafeRawBufferPointer(rebasing: rest[1...nameCount])
        let length = rest.loadUnaligned(fromByteOffset: 1 + nameCount, as: UInt32.self)
        let start = 1 + nameCount + 4
        let valueCount = Int(UInt32(bigEndian: length))
        guard rest.count - start >= valueCount else { return nil }
        let value = UnsafeRawBufferPointer(rebasing: rest[start..<(start + valueCount)])
        rest = UnsafeRawBufferPointer(rebasing: rest[(start + valueCount)...])
        return (name, value)
    }

    /// Names are compared without regard to case.
    private static func isSocketType(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count == 11 && String(decoding: name, as: UTF8.self).lowercased() == "socket-type"
    }
}

/// A PING and its answer (ZeroMQ RFC 37).
package enum Heartbeat {
    /// Bytes of a PING's body: its name, two of time to live, up to sixteen of context.
    package static let pingByteCounts = 7...23

    /// A PING without context; `timeToLive`: tenths of a second, 0 is none.
    package static func ping(timeToLive: UInt16 = 0) -> [UInt8] {
        Command.body("PING", [UInt8(timeToLive >> 8), UInt8(timeToLive & 255)])
    }

    /// The PONG that answers a PING with the given data; nil if the data are too short or too long.
    package static func pong(for data: UnsafeRawBufferPointer) -> [UInt8]? {
        guard (2...18).contains(data.count) else { return nil }
        return Command.body("PONG", Array(data[2...]))
    }
}
