/// The address of a client, or a network of addresses: `10.0.0.0/8`, `2001:db8::/32`, `10.0.0.7`.
package struct AddressRange: Sendable, Equatable {
    /// 4 or 16 bytes, with zeros behind the prefix.
    let bytes: [UInt8]
    let prefixLength: Int

    /// Reads an address, or a network with the length of its prefix; nil if it is neither.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = ClientAddress.bytes(parts[0]) else { return nil }
        let length = parts.count == 1 ? bytes.count * 8 : Self.length(parts[1])
        guard let length, length <= bytes.count * 8 else { return nil }
        self.init(bytes, prefixLength: length)
    }

    init(_ bytes: [UInt8], prefixLength: Int) {
        self.bytes = Self.cut(bytes, to: prefixLength)
        self.prefixLength = prefixLength
    }

    func contains(_ address: [UInt8]) -> Bool {
        address.count == bytes.count && Self.cut(address, to: prefixLength) == bytes
    }

    private static func length(_ text: some StringProtocol) -> Int? {
        text.utf8.count <= 3 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            ? Int(text) : nil
    }

    /// Sets all bits behind the prefix to 0.
    static func cut(_ bytes: [UInt8], to length: Int) -> [UInt8] {
        bytes.indices.map { at in
            let kept = min(8, max(0, length - at * 8))
            return kept == 8 ? bytes[at] : bytes[at] & ~(0xFF >> kept)
        }
    }
}
