import Digest
import NIOHTTP1

/// The write key of a request, where clients put it outside the body.
enum Credentials {
    /// The longest key.
    static let keyBytesMax = 256

    /// The first key found: of HTTP Basic the user's name, `X-Write-Key`, Bearer, then the query.
    ///
    /// Nil without any; an empty text for one that cannot be read, so that it fits no key.
    static func key(_ headers: HTTPHeaders, query: Substring) -> String? {
        let authorization = headers.first(name: "authorization")
        if let encoded = authorization.flatMap({ rest(of: $0, behind: "basic ") }) {
            return user(encoded)
        }
        if let key = headers.first(name: "x-write-key") { return key }
        if let key = authorization.flatMap({ rest(of: $0, behind: "bearer ") }) {
            return String(key)
        }
        guard !query.isEmpty else { return nil }
        for name in ["writeKey", "writekey", "token"] {
            if let value = Query.value(of: name, in: query) { return value }
        }
        return nil
    }

    private static func rest(of text: String, behind scheme: String) -> Substring? {
        guard text.utf8.count > scheme.utf8.count, text.prefix(scheme.count).lowercased() == scheme
        else { return nil }
        return text.dropFirst(scheme.count).drop { $0 == " " }
    }

    private static func user(_ encoded: Substring) -> String {
        guard let bytes = Base64.decode(Array(encoded.utf8)) else { return "" }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
    }
}

/// The query of a request.
enum Query {
    /// The first value with a name, decoded; nil if there is none.
    static func value(of name: String, in query: Substring) -> String? {
        for pair in query.split(separator: "&") where pair.hasPrefix(name) {
            let rest = pair.dropFirst(name.count)
            if rest.hasPrefix("=") { return decoded(rest.dropFirst()) }
        }
        return nil
    }

    /// Text without its percent signs; empty if it is not valid.
    static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit),
                let low = rest.popFirst().flatMap(digit)
            else { return "" }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self) ?? ""
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
