/// A parsed line from a client.
enum Request: Equatable, Sendable {
    case once(Verb, arguments: [String])
    case follow(interval: FollowInterval)

    /// Parses one line without its end.
    ///
    /// Returns nil for an empty line.
    ///
    /// - Throws: `ControlError` that says what is wrong with the line; the connection can go on.
    static func parse(_ line: [UInt8]) throws(ControlError) -> Request? {
        guard let text = String(validating: line, as: UTF8.self) else {
            throw ControlError(
                code: ControlError.badRequestCode,
                message: "the request is not UTF-8 text"
            )
        }
        var words = text.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
            .map(String.init)
        guard !words.isEmpty else { return nil }
        let word = words.removeFirst()
        guard let verb = VerbTable.verb(named: word) else { throw unknown(word) }
        if verb.argument == .follow, let option = words.first {
            return try .follow(interval: followInterval(option, words))
        }
        try check(verb, words)
        return .once(verb, arguments: words)
    }

    private static func followInterval(
        _ option: String,
        _ words: [String]
    ) throws(ControlError) -> FollowInterval {
        guard option == "follow", words.count <= 2 else {
            throw .badArgument(
                "'stats' takes nothing, or 'follow' and an interval: stats follow 1s"
            )
        }
        guard words.count == 2 else { return .standard }
        return try FollowInterval.parse(words[1])
    }

    private static func check(_ verb: Verb, _ words: [String]) throws(ControlError) {
        switch verb.argument {
        case .none, .follow:
            guard words.isEmpty else { throw .badArgument("'\(verb.name)' takes no argument") }
        case .optional:
            guard words.count <= 1 else {
                throw .badArgument("'\(verb.name)' takes one argument at most: \(verb.usage)")
            }
        case .required(let name, let example):
            guard words.count == 1 else {
                throw .badArgument("'\(verb.name)' takes one \(name): \(verb.name) \(example)")
            }
        }
    }

    private static func unknown(_ word: String) -> ControlError {
        let shown = printable(word)
        let guess = VerbTable.nearest(to: word).map { ", did you mean '\($0.name)'?" } ?? "."
        return ControlError(
            code: ControlError.unknownVerbCode,
            message: "unknown verb '\(shown)'\(guess) 'help' lists the verbs"
        )
    }

    /// Returns the start of a word from a client, safe to show on a terminal.
    static func printable(_ word: String) -> String {
        let visible = word.unicodeScalars.prefix(40).map {
            $0.properties.generalCategory == .control || $0.properties.generalCategory == .format
                ? "?" : String($0)
        }
        return visible.joined() + (word.unicodeScalars.count > 40 ? "…" : "")
    }
}
