package import Wire

/// A certificate of CZMQ: a key, or a pair of keys, with the name of its owner.
///
/// The text is in ZPL (ZeroMQ RFC 4), as CZMQ's zcert_save writes it: a section `metadata` with
/// `name`, and a section `curve` with `public-key` and, in secret certificates, `secret-key`, both in
/// Z85. Other sections and properties are passed over.
package struct Certificate: Sendable {
    package static let nameBytesMax = 128

    /// The owner's name; nil if the file has none.
    package let name: String?
    package let publicKey: CurveKey
    /// Both keys; nil in a public certificate.
    package let keys: CurveKeyPair?

    /// Reads the text of a certificate; `path` is for errors.
    init(_ text: UnsafeRawBufferPointer, path: String) throws(KeyFileError) {
        var reading = Reading()
        do {
            try PropertyText.read(text) { section, name, value, line throws(PropertyText.Problem) in
                try reading.take(section, name, is: value, at: line)
            }
        } catch {
            throw KeyFileError(path, "is no certificate: line \(error.line) \(error.text)")
        }
        guard let publicKey = reading.publicKey else {
            throw KeyFileError(
                path,
                "has no 'public-key' in a section 'curve': make certificates with "
                    + "'touchpointctl keygen'"
            )
        }
        if let keys = reading.keys, keys.publicKey != publicKey {
            throw KeyFileError(
                path,
                "has a secret key that does not belong to its public key: make a new certificate"
            )
        }
        name = reading.name
        self.publicKey = publicKey
        keys = reading.keys
    }

    /// Returns the text of a public certificate.
    static func publicText(name: String, key: CurveKey) -> [UInt8] {
        Array(
            """
            #   CURVE certificate of \(name): the public key, which may be shown to anybody.
            #   Bring it to the collector in a way that nobody can alter it.

            metadata
                name = "\(name)"
            curve
                public-key = "\(key)"

            """.utf8
        )
    }

    /// Returns the text of a secret certificate.
    static func secretText(name: String, keys: CurveKeyPair) -> SecretBytes {
        let start = Array(
            """
            #   CURVE certificate of \(name): the SECRET key. Show it to nobody.
            #   Only the program that it identifies may read this file.

            metadata
                name = "\(name)"
            curve
                public-key = "\(keys.publicKey)"
                secret-key = "
            """.utf8
        )
        let end = Array("\"\n".utf8)
        let secret = keys.secretZ85
        let text = SecretBytes(count: start.count + secret.bytes.count + end.count)
        let room = text.mutableBytes
        room.copyBytes(from: start)
        UnsafeMutableRawBufferPointer(rebasing: room[start.count...]).copyMemory(from: secret.bytes)
        UnsafeMutableRawBufferPointer(rebasing: room[(start.count + secret.bytes.count)...])
            .copyBytes(from: end)
        return text
    }

    /// Whether a name may be shown: short, and nothing in it controls a terminal or is invisible.
    static func isShowable(_ name: String) -> Bool {
        name.utf8.count <= nameBytesMax
            && name.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: false
                default: true
                }
            }
    }

    /// The properties that were found so far.
    private struct Reading {
        var name: String?
        var publicKey: CurveKey?
        var keys: CurveKeyPair?

        mutating func take(
            _ section: String,
            _ property: String,
            is value: UnsafeRawBufferPointer,
            at line: Int
        ) throws(PropertyText.Problem) {
            switch (section, property) {
            case ("metadata", "name"):
                try once(name == nil, property, at: line)
                guard let text = String(validating: value, as: UTF8.self),
                    Certificate.isShowable(text)
                else {
                    throw .init(
                        line: line,
                        text: "has a name that is not 1 to 128 bytes of printable UTF-8"
                    )
                }
                if !text.isEmpty { name = text }
            case ("curve", "public-key"):
                try once(publicKey == nil, property, at: line)
                publicKey = String(validating: value, as: UTF8.self).flatMap(CurveKey.init(z85:))
                try require(publicKey != nil, property, at: line)
            case ("curve", "secret-key"):
                try once(keys == nil, property, at: line)
                keys = CurveKeyPair(secretZ85: value)
                try require(keys != nil, property, at: line)
            default: break
            }
        }

        private func once(
            _ isFirst: Bool,
            _ property: String,
            at line: Int
        ) throws(PropertyText.Problem) {
            guard isFirst else { throw .init(line: line, text: "has a second '\(property)'") }
        }

        private func require(
            _ isKey: Bool,
            _ property: String,
            at line: Int
        ) throws(PropertyText.Problem) {
            guard isKey else {
                throw .init(
                    line: line,
                    text: "has a '\(property)' that is not 40 characters of Z85 between quotes"
                )
            }
        }
    }
}
