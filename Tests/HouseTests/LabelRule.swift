/// A call says what its arguments are: at most two parameters have no label.
enum LabelRule {
    static let unlabelledMax = 2

    static func findings(in file: SourceFile) -> [Finding] {
        guard file.isSwift else { return [] }
        return declarations(in: file).filter { $0.unlabelled > unlabelledMax }.map {
            let message =
                "'\($0.name)' has \($0.unlabelled) parameters without label, at most "
                + "\(unlabelledMax): label them as the call should read, or pass one value"
            return Finding(path: file.path, line: $0.line, message: message)
        }
    }

    private struct Declaration {
        let name: String
        let line: Int
        let unlabelled: Int
    }

    private static func declarations(in file: SourceFile) -> [Declaration] {
        // Calls of initializers have a dot before the word.
        let start = /(?:\bfunc +([^\s(<]+)|(?:^|[^.\w`])(init)[?!]?) *(?:<[^(]*>)?\(/
        return file.code.matches(of: start).map { match in
            let line = file.code[..<match.range.lowerBound].count { $0 == "\n" } + 1
            let unlabelled = parameters(after: file.code[match.range.upperBound...]).count {
                $0.contains(/^\s*(?:@\w+\s+)*_\s+\w+\s*:/)
            }
            let name = String(match.1 ?? match.2 ?? "")
            return Declaration(name: name, line: line, unlabelled: unlabelled)
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
