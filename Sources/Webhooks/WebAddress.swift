/// An absolute address of the web that a redirect can lead to.
///
/// Its grammar is much narrower than that of browsers: an address that two readers could take for
/// two hosts is none.
struct WebAddress: Sendable, Equatable {
    static let byteCountMax = 8_192

    /// The address in ASCII.
    let text: [UInt8]
    let isSecure: Bool
    /// In lower case.
    let host: [UInt8]
    let port: UInt16?

    init(_ raw: [UInt8]) throws(RedirectFault) {
        guard raw.count <= Self.byteCountMax else { throw .tooLong }
        guard raw.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw .forbiddenCharacter
        }
        let schemes = ["https://", "http://"]
        let scheme = schemes.first {
            ASCII.lowercased(raw.prefix($0.utf8.count)).elementsEqual($0.utf8)
        }
        guard let scheme else { throw .notWeb }
        let rest = raw.dropFirst(scheme.utf8.count)
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        guard !authority.contains(UInt8(ascii: "@")) else { throw .userInfo }
        let parts = authority.split(
            separator: UInt8(ascii: ":"),
            omittingEmptySubsequences: false
        )
        guard let name = parts.first, parts.count <= 2, HostName.isValid(name) else {
            throw .badHost
        }
        if parts.count == 2 {
            guard let number = ASCII.number(Array(parts[1])), let port = UInt16(exactly: number),
                port > 0
            else { throw .badHost }
            self.port = port
        } else {
            port = nil
        }
        isSecure = scheme == "https://"
        host = ASCII.lowercased(name)
        text = try Self.escaped(
            Array(scheme.utf8) + authority,
            rest: rest.dropFirst(authority.count)
        )
    }

    /// Returns the address with what is no ASCII, and quotes and brackets, in percent escapes.
    private static func escaped(
        _ start: [UInt8],
        rest: ArraySlice<UInt8>
    ) throws(RedirectFault) -> [UInt8] {
        guard String(validating: rest, as: UTF8.self) != nil else { throw .forbiddenCharacter }
        let digits = Array("0123456789ABCDEF".utf8)
        var text = start
        for byte in rest {
            if byte < 0x80, !"\"<>^`{|}".utf8.contains(byte) {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return text
    }
}

/// Names of hosts.
enum HostName {
    /// Whether it has labels of letters, digits, `-` and `_`, with dots between them.
    static func isValid(_ name: some Collection<UInt8>) -> Bool {
        guard (1...253).contains(name.count) else { return false }
        let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-")
                && label.allSatisfy {
                    ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-")
                        || $0 == UInt8(ascii: "_")
                }
        }
    }
}
