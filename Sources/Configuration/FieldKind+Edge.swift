import Terminal
import Yams

/// Checks of texts that only sources of pattern `http` have.
enum EdgeText {
    static let keyBytesMax = 256
    static let keyBytesMin = 8

    /// Complains unless a text is an address or a network.
    ///
    /// The daemon reads them again, byte by byte.
    static func checkNetwork(_ text: String) throws(Complaint) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isAddress = parts[0].utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x3A, 0x2E, 0x61...0x66, 0x41...0x46: true
            default: false
            }
        }
        let length = parts.count == 2 ? Int(parts[1]) : 0
        guard isAddress, parts[0].contains(".") || parts[0].contains(":"), parts.count <= 2,
            let length, (0...128).contains(length)
        else {
            throw Complaint("'\(text)' is no network such as 10.0.0.0/8 or 2001:db8::/32")
        }
    }

    /// Complains unless a text can be a key in HTTP Basic, a query, and JSON.
    static func checkKey(_ text: String) throws(Complaint) {
        let isSafe = text.utf8.allSatisfy { byte in
            (0x21...0x7E).contains(byte) && byte != 0x22 && byte != 0x3A && byte != 0x5C
        }
        guard isSafe, (keyBytesMin...keyBytesMax).contains(text.utf8.count) else {
            throw Complaint(
                "a key has \(keyBytesMin) to \(keyBytesMax) printable characters, without blanks,"
                    + " quotes, colons and backslashes"
            )
        }
    }

    /// Complains unless a text is a web site, a pattern of them, or `*`.
    static func checkOrigin(_ text: String) throws(Complaint) {
        if text == "*" { return }
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            var host = text.dropFirst(scheme.count)
            if host.hasPrefix("*.") { host = host.dropFirst(2) }
            let isHost = host.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x3A, 0x2D, 0x2E, 0x61...0x7A, 0x41...0x5A, 0x5B, 0x5D: true
                default: false
                }
            }
            if isHost, !host.isEmpty { return }
        }
        throw Complaint(
            "'\(text)' is no origin such as https://shop.example or https://*.shop.example, or *"
        )
    }
}

extension FieldKind {
    /// Some of the names of an enumeration.
    static func choices<Choice>() -> FieldKind
    where
        Value == [Choice],
        Choice: CaseIterable & RawRepresentable & Sendable,
        Choice.RawValue == String
    {
        let names = Choice.allCases.map(\.rawValue)
        let texts = FieldKind<[String]>.list(example: "[\(names.joined(separator: ", "))]") {
            (text) throws(Complaint) in
            guard !names.contains(text) else { return }
            let hint = NearestName.of(text, among: names).map { ", did you mean '\($0)'?" }
            throw Complaint(
                "unknown value '\(text)', expected some of \(names.joined(separator: ", "))"
                    + (hint ?? "")
            )
        }
        return FieldKind(
            read: { (node, substitution) throws(Complaint) in
                try texts.read(node, substitution).compactMap(Choice.init)
            },
            print: { texts.print($0.map(\.rawValue)) }
        )
    }
}

extension FieldKind where Value == String {
    /// A prefix of all paths: nothing, or `/x7`.
    static var pathPrefix: FieldKind {
        .text(expected: "a path such as /x7, or \"\"") { (text) throws(Complaint) in
            let isSafe = text.unicodeScalars.allSatisfy { scalar in
                Settings.isNameScalar(scalar) || scalar == "/"
            }
            guard text.isEmpty || isSafe && text.hasPrefix("/") && !text.hasSuffix("/"),
                text.utf8.count <= 64
            else {
                throw Complaint(
                    "'\(text)' is no prefix such as /x7: letters, digits, '.', '_', '-' and '/',"
                        + " with a slash in front and none at the end"
                )
            }
        }
    }
}

extension FieldKind where Value == String? {
    /// A host with a path, without a scheme; empty for none.
    static var apiHost: FieldKind {
        .scalar(
            expected: "a host and path such as edge.shop.example/v1, or \"\"",
            parse: { (text) throws(Complaint) in
                if text.isEmpty { return .some(nil) }
                let isSafe = text.unicodeScalars.allSatisfy { scalar in
                    Settings.isNameScalar(scalar) || scalar == "/" || scalar == ":"
                }
                guard isSafe, text.utf8.count <= 255, !text.contains("//") else {
                    throw Complaint(
                        "'\(text)' is no host and path such as edge.shop.example/v1, without a"
                            + " scheme"
                    )
                }
                return text
            },
            print: { quoted($0 ?? "") }
        )
    }
}
