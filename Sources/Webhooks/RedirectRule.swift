import Digest

/// Decides where a tracked link leads: only to an address that is signed, or to a host of a list.
///
/// A value that never changes; any thread may use it.
package struct RedirectRule: Sendable {
    private struct Host: Sendable {
        /// In lower case.
        let name: [UInt8]
        /// Whether it means the names below it.
        let isParent: Bool

        func matches(_ host: [UInt8]) -> Bool {
            guard isParent else { return host == name }
            let suffix = [UInt8(ascii: ".")] + name
            return host.count > suffix.count && host.suffix(suffix.count).elementsEqual(suffix)
        }
    }

    private let keys: [HMACKey]
    private let hosts: [Host]

    /// Whether no link can lead anywhere.
    package var isEmpty: Bool { keys.isEmpty && hosts.isEmpty }

    /// - Parameters:
    ///   - secrets: any of them can sign a link; none if only listed hosts are allowed.
    ///   - hosts: `shop.example` for this host, `*.shop.example` for all below it.
    /// - Throws: if a host is none, or a secret is empty.
    package init(secrets: [String], hosts: [String]) throws(WebhookSettingsError) {
        keys = secrets.isEmpty ? [] : try SecretList.keys(secrets, hash: .sha256)
        self.hosts = try hosts.map { text throws(WebhookSettingsError) in
            let isParent = text.hasPrefix("*.")
            let name = ASCII.lowercased(text.utf8.dropFirst(isParent ? 2 : 0))
            guard HostName.isValid(name), !isParent || name.contains(UInt8(ascii: ".")) else {
                throw WebhookSettingsError(
                    "'\(text)' is no host for redirects: write 'shop.example', "
                        + "or '*.shop.example' for the hosts below it"
                )
            }
            return Host(name: name, isParent: isParent)
        }
    }

    /// Returns where a link leads.
    ///
    /// `u` is the address. `s`, if it is there, is the last field: the code of everything before
    /// `&s=` as sent, in base64url. A wrong one is refused also for a listed host.
    ///
    /// - Parameter query: the raw text after `?`.
    /// - Returns: the address, in ASCII, for the field `Location`.
    /// - Throws: the reason to refuse the link.
    package func target(of query: [UInt8]) throws(RedirectFault) -> String {
        let fields = query.split(
            separator: UInt8(ascii: "&"),
            omittingEmptySubsequences: false
        )
        let addresses = fields.filter { Self.name($0) == Array("u".utf8) }
        guard addresses.count == 1, let raw = addresses.first else {
            throw addresses.isEmpty ? .noAddress : .twoAddresses
        }
        let isSigned = try isSigned(query, fields)
        // An address has no blanks, so a plus sign is one.
        let value = ASCII.percentDecoded(raw.dropFirst(2), plusIsBlank: false)
        let address = try WebAddress(value)
        guard isSigned || isListed(address) else { throw .notListed }
        return String(decoding: address.text, as: UTF8.self)
    }

    /// Returns whether the query has a valid signature; a wrong one is refused.
    private func isSigned(
        _ query: [UInt8],
        _ fields: [ArraySlice<UInt8>]
    ) throws(RedirectFault) -> Bool {
        let signatures = fields.filter { Self.name($0) == Array("s".utf8) }
        if signatures.isEmpty { return false }
        guard signatures.count == 1, let last = fields.last, Self.name(last) == Array("s".utf8),
            last.startIndex > 0, let code = Base64.decode(Array(last.dropFirst(2)))
        else { throw .badSignature }
        let signed = query[..<(last.startIndex - 1)]
        let isValid = signed.withUnsafeBytes { keys.accept([code], of: [$0]) }
        guard isValid else { throw .badSignature }
        return true
    }

    private func isListed(_ address: WebAddress) -> Bool {
        guard address.isSecure, address.port == nil || address.port == 443 else { return false }
        return hosts.contains { $0.matches(address.host) }
    }

    /// Returns the decoded name of a field, so that an escaped name is the same name.
    private static func name(_ field: ArraySlice<UInt8>) -> [UInt8] {
        let end = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
        return ASCII.percentDecoded(field[..<end], plusIsBlank: true)
    }
}

/// The reason why a link leads nowhere.
package enum RedirectFault: String, Error, Equatable, Sendable, CaseIterable {
    case noAddress
    case twoAddresses
    /// The signature is wrong, is not last, or is there twice.
    case badSignature
    /// Without signature, and not to a listed host by https.
    case notListed
    /// Neither `http://` nor `https://`.
    case notWeb
    /// A user or password before the host.
    case userInfo
    /// A blank, backslash or control character, or bytes that are no UTF-8.
    case forbiddenCharacter
    case badHost
    case tooLong
}
