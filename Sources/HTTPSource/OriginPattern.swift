/// The web sites that may send with a key: `https://shop.example`, `https://*.shop.example`, or `*`.
package struct OriginPattern: Sendable, Equatable {
    /// As written in the configuration, in lower case.
    let text: String
    /// The origin before and after the asterisk; nil without one.
    private let parts: (before: String, after: String)?

    /// Reads a pattern; nil if it is no origin: a scheme and a host, perhaps with a port.
    package init?(_ text: String) {
        let text = text.lowercased()
        self.text = text
        if text == "*" {
            parts = ("", "")
            return
        }
        guard let mark = Self.end(ofSchemeIn: text) else { return nil }
        let host = text[mark...]
        guard !host.isEmpty, host.utf8.allSatisfy(Self.isHostByte) else { return nil }
        guard let star = host.firstIndex(of: "*") else {
            parts = nil
            return
        }
        let rest = host[star...].dropFirst()
        // Whole labels only: `*.shop.example`.
        guard star == host.startIndex, rest.hasPrefix("."), rest.utf8.count > 1,
            !rest.contains("*")
        else { return nil }
        parts = (String(text[..<mark]), String(rest))
    }

    package static func == (left: OriginPattern, right: OriginPattern) -> Bool {
        left.text == right.text
    }

    /// Whether an origin, as a browser sends it, fits; `null` fits only `*`.
    func matches(_ origin: String) -> Bool {
        guard text != "*" else { return true }
        let origin = origin.lowercased()
        guard let parts else { return origin == text }
        return origin.hasPrefix(parts.before) && origin.hasSuffix(parts.after)
            && origin.utf8.count > parts.before.utf8.count + parts.after.utf8.count
            && origin.dropFirst(parts.before.count).utf8.allSatisfy(Self.isHostByte)
    }

    /// Whether an origin is a page of this machine.
    static func isLocal(_ origin: String) -> Bool {
        guard let mark = end(ofSchemeIn: origin) else { return false }
        let rest = origin[mark...]
        let host = rest.hasPrefix("[") ? rest.prefix { $0 != "]" } : rest.prefix { $0 != ":" }
        return host == "localhost" || host == "127.0.0.1" || host == "[::1"
    }

    private static func end(ofSchemeIn text: String) -> String.Index? {
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            return text.index(text.startIndex, offsetBy: scheme.count)
        }
        return nil
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "*"),
            UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }
}
