/// Separates Swift code from comments and literals.
///
/// A small lexer: it recognises comments (also nested), string literals with any number of `#`, of
/// one or several lines, their interpolations, and regular expressions between slashes.
enum SwiftText {
    /// Replaces the contents of comments and literals by blanks.
    ///
    /// Line breaks stay, so line numbers do not change.
    static func code(of text: String) -> String {
        var lexer = Lexer(bytes: Array(text.utf8))
        lexer.run()
        return String(decoding: lexer.output, as: UTF8.self)
    }
}

private struct Lexer {
    private static let blank = UInt8(ascii: " ")
    private static let newline = UInt8(ascii: "\n")
    private static let quote = UInt8(ascii: "\"")
    private static let slash = UInt8(ascii: "/")
    private static let pound = UInt8(ascii: "#")
    private static let backslash = UInt8(ascii: "\\")
    private static let star = UInt8(ascii: "*")

    let bytes: [UInt8]
    private(set) var output: [UInt8] = []
    private var place = 0
    /// The last byte of code that is not blank; it decides what a slash means.
    private var before = newline

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func run() {
        while place < bytes.count { step() }
    }

    private func byte(_ offset: Int = 0) -> UInt8 {
        place + offset < bytes.count ? bytes[place + offset] : Self.newline
    }

    private func poundsHere() -> Int {
        var count = 0
        while byte(count) == Self.pound { count += 1 }
        return count
    }

    private mutating func step() {
        let pounds = poundsHere()
        if byte(pounds) == Self.quote {
            skipString(pounds: pounds)
        } else if byte() == Self.slash, byte(1) == Self.slash {
            while place < bytes.count, byte() != Self.newline { hide() }
        } else if byte() == Self.slash, byte(1) == Self.star {
            skipComment()
        } else if byte(pounds) == Self.slash, pounds > 0 || startsRegex {
            skipRegex(pounds: pounds)
        } else {
            keep()
        }
    }

    private mutating func keep(_ count: Int = 1) {
        for _ in 0..<count where place < bytes.count {
            if byte() > Self.blank { before = byte() }
            output.append(byte())
            place += 1
        }
    }

    private mutating func hide(_ count: Int = 1) {
        for _ in 0..<count where place < bytes.count {
            output.append(byte() == Self.newline ? Self.newline : Self.blank)
            place += 1
        }
    }

    private mutating func skipComment() {
        var depth = 0
        repeat {
            if byte() == Self.slash, byte(1) == Self.star {
                depth += 1
                hide(2)
            } else if byte() == Self.star, byte(1) == Self.slash {
                depth -= 1
                hide(2)
            } else {
                hide()
            }
        } while depth > 0 && place < bytes.count
    }

    private mutating func skipString(pounds: Int) {
        let isLong = (0..<3).allSatisfy { byte(pounds + $0) == Self.quote }
        let quotes = isLong ? 3 : 1
        keep(pounds + quotes)
        while place < bytes.count {
            if ends(quotes: quotes, pounds: pounds) { return keep(quotes + pounds) }
            if byte() == Self.newline, !isLong { return }
            guard byte() == Self.backslash, hasPounds(pounds, at: 1) else {
                hide()
                continue
            }
            hide(1 + pounds)
            if byte() == UInt8(ascii: "(") { skipInterpolation() } else { hide() }
        }
    }

    private func ends(quotes: Int, pounds: Int) -> Bool {
        (0..<quotes).allSatisfy { byte($0) == Self.quote } && hasPounds(pounds, at: quotes)
    }

    private func hasPounds(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { byte(offset + $0) == Self.pound }
    }

    /// Skips an interpolation up to its closing parenthesis, including the strings inside it.
    private mutating func skipInterpolation() {
        var depth = 0
        repeat {
            let pounds = poundsHere()
            if byte(pounds) == Self.quote {
                let start = output.count
                skipString(pounds: pounds)
                for index in start..<output.count where output[index] != Self.newline {
                    output[index] = Self.blank
                }
                continue
            }
            if byte() == UInt8(ascii: "(") { depth += 1 }
            if byte() == UInt8(ascii: ")") { depth -= 1 }
            hide()
        } while depth > 0 && place < bytes.count
    }

    /// Whether a slash starts a regular expression: an operand is expected and no blank follows.
    private var startsRegex: Bool {
        guard byte() == Self.slash, byte(1) > Self.blank else { return false }
        return Array("=(,:[{!&|?\n".utf8).contains(before)
    }

    private mutating func skipRegex(pounds: Int) {
        keep(pounds + 1)
        while place < bytes.count, byte() != Self.newline {
            if byte() == Self.slash, hasPounds(pounds, at: 1) { return keep(1 + pounds) }
            hide(byte() == Self.backslash ? 2 : 1)
        }
    }
}
