import Platform

/// Checks endpoints before libzmq binds or connects to them.
enum Endpoint {
    /// Complains unless `text` is `tcp://host:port` or `ipc://path`.
    ///
    /// Only a listener may leave the port to the system (`*` or `0`).
    static func check(_ text: String, isBind: Bool) throws(Complaint) {
        if text.hasPrefix("tcp://") {
            try checkTCP(text, isBind: isBind)
        } else if text.hasPrefix("ipc://") {
            try checkName(String(text.dropFirst(6)), of: text)
            try checkPath(String(text.dropFirst(6)), of: text)
        } else if isBind, isHTTP(text) {
            try checkHTTP(text)
        } else {
            throw Complaint(
                "'\(text)' is no endpoint, expected tcp://127.0.0.1:5571"
                    + " or ipc:///run/touchpoint/ingest.sock"
            )
        }
    }

    /// Whether `text` is written as sources of pattern `http` have their endpoints.
    static func isHTTP(_ text: String) -> Bool {
        text.hasPrefix("unix:") || !text.contains("//") && text.contains(":")
    }

    private static func checkHTTP(_ text: String) throws(Complaint) {
        if text.hasPrefix("unix:") {
            return try checkPath(String(text.dropFirst(5)), of: text)
        }
        if text.hasPrefix(passedPrefix) {
            return try checkPassed(text.dropFirst(passedPrefix.count), of: text)
        }
        guard let parts = HostPort(text) else {
            throw Complaint("'\(text)' has no address and port, expected 127.0.0.1:8080")
        }
        guard let port = parts.port, port <= 65_535 else {
            throw Complaint("port \(parts.portText) of '\(text)' is outside 0...65535")
        }
    }

    private static let passedPrefix = "systemd:"

    /// Complains unless `name` can be that of a socket that systemd passes.
    private static func checkPassed(_ name: Substring, of text: String) throws(Complaint) {
        guard (1...255).contains(name.utf8.count),
            name.unicodeScalars.allSatisfy(Settings.isNameScalar)
        else {
            throw Complaint(
                "'\(text)' has no name of a socket, expected systemd:web: letters, digits, '.', '_'"
                    + " and '-', as FileDescriptorName= of its unit"
            )
        }
    }

    /// Whether `text` names one address that no other process can bind as well.
    static func isExclusive(_ text: String) -> Bool {
        !(text.hasSuffix(":*") || text.hasSuffix(":0")) || text.hasPrefix("ipc://")
    }

    /// Whether `text` is reached from this machine only.
    static func isLocal(_ text: String) -> Bool {
        if text.hasPrefix("ipc://") || text.hasPrefix("unix:") { return true }
        guard let colon = text.lastIndex(of: ":") else { return false }
        let host = text[..<colon].dropFirst(text.hasPrefix("tcp://") ? 6 : 0)
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Refuses libzmq's names for sockets without a path: no permissions protect them, and they are
    /// unknown before they are bound.
    private static func checkName(_ path: String, of text: String) throws(Complaint) {
        guard !path.hasPrefix("@") else {
            throw Complaint(
                "'\(text)' is an abstract name, which every user of this machine may connect to;"
                    + " expected a path such as ipc:///run/touchpoint/ingest.sock"
            )
        }
        guard path != "*" else {
            throw Complaint(
                "'\(text)' names no path; expected one such as ipc:///run/touchpoint/ingest.sock"
            )
        }
    }

    /// Complains unless `path` can be the path of a Unix socket.
    static func checkPath(_ path: String, of text: String) throws(Complaint) {
        guard !path.isEmpty, !path.unicodeScalars.contains(where: isControl) else {
            throw Complaint("'\(text)' has no path, or control characters in it")
        }
        guard path.utf8.count <= UnixAddress.pathBytesMax else {
            throw Complaint(
                "the path of '\(text)' has \(path.utf8.count) bytes,"
                    + " a Unix socket can have \(UnixAddress.pathBytesMax)"
            )
        }
    }

    private static func checkTCP(_ text: String, isBind: Bool) throws(Complaint) {
        let address = text.dropFirst(6)
        if isBind, address.hasSuffix(":*"), HostPort.isHost(address.dropLast(2)) { return }
        guard let parts = HostPort(address) else {
            throw Complaint("'\(text)' has no host and port, expected tcp://127.0.0.1:5571")
        }
        guard let port = parts.port, port <= 65_535, isBind || port > 0 else {
            let range = isBind ? "0...65535" : "1...65535"
            throw Complaint("port \(parts.portText) of '\(text)' is outside \(range)")
        }
    }
}

/// The parts of `host:port`; IPv6 addresses are in brackets.
package struct HostPort {
    /// Without brackets.
    package let host: String
    /// Digits.
    let portText: Substring

    /// Nil if it does not fit an Int; not checked against 65535.
    package var port: Int? { Int(portText) }

    package init?(_ text: some StringProtocol) {
        let text = String(text)
        guard let colon = text.lastIndex(of: ":") else { return nil }
        portText = Substring(text[colon...].dropFirst())
        guard HostPort.isHost(text[..<colon]), !portText.isEmpty,
            portText.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        host = text[..<colon].trimmingBrackets
    }

    /// Whether `text` may be a host name, an IPv4 address, an interface, `*`, or `[IPv6]`.
    static func isHost(_ text: Substring) -> Bool {
        if text.hasPrefix("[") {
            return text.hasSuffix("]") && text.count > 2
                && text.dropFirst().dropLast().utf8.allSatisfy { byte in
                    // Digits, hexadecimal letters, separators, and a zone after '%'.
                    byte != 0x5B && byte != 0x5D && byte != 0x2F && (0x21...0x7E).contains(byte)
                }
        }
        return !text.isEmpty
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2F && $0 != 0x3A }
    }
}

extension Substring {
    fileprivate var trimmingBrackets: String {
        String(hasPrefix("[") ? dropFirst().dropLast() : self)
    }
}

/// Characters that no path, name or channel of the configuration may hold.
func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control
}
