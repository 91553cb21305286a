import NIOCore

/// The addresses of clients: as bytes, as text, and cut so that they name no person.
enum ClientAddress {
    /// Bits that are left of an address when it is cut.
    private static let keptIPv4 = 24
    private static let keptIPv6 = 48

    /// Reads a numeric address; nil if it is none.
    ///
    /// An IPv4 address inside an IPv6 address is returned as IPv4.
    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count <= 45,
            let address = try? SocketAddress(ipAddress: String(text), port: 0)
        else { return nil }
        return bytes(address)
    }

    /// The bytes of a peer's address; nil for a Unix socket.
    static func bytes(_ address: SocketAddress) -> [UInt8]? {
        // The address's bytes by the layouts of ip(7) and ipv6(7).
        let place: Range<Int>
        switch address.protocol {
        case .inet: place = 4..<8
        case .inet6: place = 8..<24
        default: return nil
        }
        return address.withSockAddr { start, count in
            guard count >= place.upperBound else { return nil }
            let bytes = UnsafeRawBufferPointer(start: start, count: count)
            return plain(Array(bytes[place]))
        }
    }

    private static func plain(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count == 16 else { return bytes }
        let isMapped =
            bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes[12...]) : bytes
    }

    /// The network of an address: /24 of IPv4, /48 of IPv6.
    static func cut(_ bytes: [UInt8]) -> [UInt8] {
        AddressRange.cut(bytes, to: bytes.count == 4 ? keptIPv4 : keptIPv6)
    }

    static func text(_ bytes: [UInt8]) -> String {
        if bytes.count == 4 { return bytes.map { "\($0)" }.joined(separator: ".") }
        guard let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0)
        else { return "" }
        return address.ipAddress ?? ""
    }

    /// The client's address: the peer's, or if that is a proxy, the rightmost address in the
    /// forwarding headers that is not one.
    ///
    /// Addresses further left were written by strangers. An unreadable address ends the search at
    /// the proxy that reported it.
    static func client(
        of peer: [UInt8],
        forwarded: [String],
        proxies: [AddressRange]
    ) -> [UInt8] {
        var client = peer
        guard !proxies.isEmpty else { return client }
        for field in forwarded.reversed() {
            for part in field.split(separator: ",").reversed() {
                guard proxies.contains(where: { $0.contains(client) }),
                    let next = bytes(bare(part))
                else { return client }
                client = next
            }
        }
        return client
    }

    /// An element of the header without blanks, port and brackets.
    private static func bare(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return text[..<end].dropFirst()
        }
        let colons = text.utf8.count { $0 == UInt8(ascii: ":") }
        return colons == 1 ? text.prefix { $0 != ":" } : text
    }
}
