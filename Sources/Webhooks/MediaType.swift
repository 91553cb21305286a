/// A content type without its parameters but the charset.
package struct MediaType: Sendable, Equatable {
    /// In lower case, such as `application/json`.
    package let name: String
    /// In lower case.
    package let charset: String?

    /// The type of a request; nil if it says none, two, or no type.
    package init?(_ headers: HeaderLines) {
        guard let value = headers.only("content-type") else { return nil }
        self.init(value)
    }

    package init?(_ value: [UInt8]) {
        let parts = value.split(separator: UInt8(ascii: ";")).map {
            String(decoding: ASCII.lowercased(ASCII.trimmed($0)), as: UTF8.self)
        }
        guard let name = parts.first, name.split(separator: "/").count == 2 else { return nil }
        self.name = name
        let charset = parts.dropFirst().first { $0.hasPrefix("charset=") }
        self.charset = charset.map { String($0.dropFirst(8)).filter { $0 != "\"" } }
    }

    package var isForm: Bool { name == "application/x-www-form-urlencoded" }

    /// JSON itself and formats that are JSON, such as `application/scim+json`.
    package var isJSON: Bool {
        name == "application/json" || name == "text/json" || name.hasSuffix("+json")
    }
}
