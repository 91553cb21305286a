/// Words that are banned from the code, and their replacements.
///
/// The words are assembled from parts, so that these rules also pass on their own files.
enum WordingRules {
    struct Ban {
        let pattern: String
        let instead: String
    }

    /// Banned in the code of every Swift file, except in its comments and literals.
    static let bannedCode = [
        Ban(pattern: #"\btry!"#, instead: "throw, or in tests 'try #require'"),
        Ban(pattern: #"\bas!"#, instead: "use 'as?' and say what happens otherwise"),
        Ban(
            pattern: #"[A-Za-z0-9_)\]?>]!(?![=!])"#,
            instead: "no force unwrap: 'guard let', or in tests 'try #require'"
        ),
        Ban(pattern: #"\.disabled\("#, instead: "no test is switched off: repair it or remove it"),
        Ban(
            pattern: #"\bXCTSkip"#,
            instead: "no test is skipped: let it fail and say what it needs"
        ),
    ]

    /// Banned in every text file.
    static let bannedText = [
        Ban(
            pattern: #"\b("# + ["TO" + "DO", "FIX" + "ME", "XX" + "X"].joined(separator: "|")
                + #")\b"#,
            instead: "do it, or write down what is missing where users read it"
        ),
        Ban(
            pattern: #"(^|[^A-Za-z0-9_.~-])/(wo"# + "rk|tm" + #"p/wt)/"#,
            instead: "no path of one machine: name it from the project's top folder"
        ),
    ]

    /// Banned in comments: words that only the authors of the project use in this sense.
    static let bannedComment = [
        Ban(pattern: #"\b[Hh]as (the|an?|its) (\w+ )?come\b"#, instead: "write 'prefetches'"),
        Ban(
            pattern: #"\b([Cc]omes?|[Cc]ame|coming|sends?|sent|sending) again\b"#,
            instead: "write 'resent', 'duplicate' or 'reconnects'"
        ),
        Ban(
            pattern: #"\b[Gg](ives?|ave) (the|an?|its?|their|nil|how|what|them|back|none)\b"#,
            instead: "write 'returns', 'frees' or 'provides'"
        ),
        Ban(
            pattern: #"\b([Ss]tands?|stood) (in|at|there|before|behind|between|around|on|still)\b"#,
            instead: "write 'is', 'is stored' or 'follows'"
        ),
        Ban(
            pattern: #"\b[Ww]hat (stands|stood|comes|came|has come)\b"#,
            instead: "name the thing: a noun in place of the clause"
        ),
        Ban(
            pattern:
                #"\b[Oo]ne an? (process|source|writer|thread|file|event|batch|message|line)\b"#,
            instead: "write 'one per'"
        ),
        Ban(pattern: #"\bfor ever\b"#, instead: "write 'forever' or 'without limit'"),
    ]

    /// Checks the lines that begin as a comment, in every file but documents.
    static func comments(in file: SourceFile) throws -> [Finding] {
        if file.path.hasSuffix(".md") { return [] }
        let lines = file.lines.map { line in
            let text = line.drop { $0 == " " }
            return ["//", "# ", "\"\"\"", "* "].contains { text.hasPrefix($0) } ? line : ""
        }
        return try bannedComment.flatMap { try findings($0, in: file, lines) }
    }

    static func banned(in file: SourceFile) throws -> [Finding] {
        let inCode = file.isSwift ? bannedCode : []
        return try inCode.flatMap { try findings($0, in: file, file.codeLines) }
            + bannedText.flatMap { try findings($0, in: file, file.lines) }
    }

    /// No declaration is `public`: all targets are in one package.
    static func access(in file: SourceFile) throws -> [Finding] {
        guard file.isSwift, file.target != nil else { return [] }
        let word = try Regex(#"\bpublic\b"#)
        return file.findings(in: file.codeLines) { line in
            guard line.contains(word) else { return nil }
            if file.target == "Ring", line == "public import Synchronization" { return nil }
            if file.target == "Platform", line == "public import CPlatform" { return nil }
            return "no 'public': write 'package', or nothing"
        }
    }

    private static func findings(
        _ ban: Ban,
        in file: SourceFile,
        _ lines: [Substring]
    ) throws -> [Finding] {
        let pattern = try Regex(ban.pattern)
        return file.findings(in: lines) { line in
            line.firstMatch(of: pattern).map { "'\(line[$0.range])': \(ban.instead)" }
        }
    }
}
