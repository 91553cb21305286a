/// The text that a signature covers, such as `{timestamp}.{body}`.
struct SignedTemplate: Sendable, Equatable {
    enum Piece: Sendable, Equatable {
        case literal([UInt8])
        case body
        case timestamp
        case id
    }

    let pieces: [Piece]

    /// - Throws: what is wrong with the template; it must contain `{body}` once, so that a signature
    ///   always covers the events.
    init(_ text: String) throws(WebhookSettingsError) {
        var pieces: [Piece] = []
        var rest = text[...]
        while let first = rest.first {
            guard first == "{" else {
                let literal = rest.prefix { $0 != "{" }
                pieces.append(.literal(Array(literal.utf8)))
                rest = rest.dropFirst(literal.count)
                continue
            }
            let end = rest.firstIndex(of: "}").map { rest.index(after: $0) } ?? rest.endIndex
            let word = rest[..<end]
            switch word {
            case "{body}": pieces.append(.body)
            case "{timestamp}": pieces.append(.timestamp)
            case "{id}": pieces.append(.id)
            default:
                throw WebhookSettingsError(
                    "'signed: \(text)' has '\(word)': it may have {body}, {timestamp} and {id}"
                )
            }
            rest = rest[end...]
        }
        guard pieces.count(where: { $0 == .body }) == 1 else {
            throw WebhookSettingsError(
                "'signed: \(text)' must have {body} once: what is not signed can be forged"
            )
        }
        self.pieces = pieces
    }

    func has(_ piece: Piece) -> Bool { pieces.contains(piece) }
}
