/// A call says what its arguments are: at most two parameters have no label.
enum LabelRule {
    static let unlabelledMax = 2

    static func findings(in file: SourceFile) -> [Finding] {
        guard file.isSwift else { return [] }
        // A dot before the word calls an initializer.
        let start = /(?:\bfunc +([^\s(<]+)|(?:^|[^.\w`])(init)[?!]?) *(?:<[^(]*>)?\(/
        return file.code.matches(of: start).compactMap { match in
            let unlabelled = parameters(after: file.code[match.range.upperBound...]).count {
                $0.contains(/^\s*(?:@\w+\s+)*_\s+\w+\s*:/)
            }
            guard unlabelled > unlabelledMax else { return nil }
            let line = file.code[..<match.range.upperBound].count { $0 == "\n" } + 1
            let message =
                "'\(match.1 ?? match.2 ?? "")' has \(unlabelled) parameters without label, "
                + "at most \(unlabelledMax): label them as the call should read, or pass one value"
            return Finding(path: file.path, line: line, message: message)
        }
    }

    /// Splits a parameter list, whose parenthesis is open, at its own commas.
    private static func parameters(after text: Substring) -> [Substring] {
        var depth = 0
        var parts: [Substring] = []
        var start = text.startIndex
        for place in text.indices {
            switch text[place] {
            case "(", "[": depth += 1
            case ")" where depth == 0: return parts + [text[start..<place]]
            case ")", "]": depth -= 1
            case "," where depth == 0:
                parts.append(text[start..<place])
                start = text.index(after: place)
            default: break
            }
        }
        return parts
    }
}
