import Testing

@testable import Control

/// Parsing of a request line.
@Suite struct RequestTests {
    private static func parse(_ text: String) throws(ControlError) -> Request? {
        try Request.parse(Array(text.utf8))
    }

    @Test func readsVerbsAndArguments() throws {
        #expect(try Self.parse("ping") == .once(VerbTable.ping.verb, arguments: []))
        #expect(
            try Self.parse("  seal \t channel=web\r")
                == .once(VerbTable.seal.verb, arguments: ["channel=web"])
        )
        #expect(
            try Self.parse("log-level debug")
                == .once(VerbTable.logLevel.verb, arguments: ["debug"])
        )
        #expect(try Self.parse("stats") == .once(VerbTable.stats.verb, arguments: []))
        #expect(try Self.parse("stats follow") == .follow(interval: .standard))
        #expect(
            try Self.parse("stats follow 250ms")
                == .follow(interval: FollowInterval.parse("250ms"))
        )
        #expect(try Self.parse(" \r") == nil)
    }

    @Test(arguments: [
        ("stat", "stats"), ("STATUS", "status"), ("puase", "pause"), ("loglevel", "log-level"),
        ("statu", "status"), ("dra", "drain"), ("p", "ping"), ("part", "partitions"),
    ])
    func namesTheNearestVerb(typed: String, meant: String) {
        #expect { try Self.parse(typed) } throws: { error in
            let message = (error as? ControlError)?.message ?? ""
            return message.contains("did you mean '\(meant)'?") && message.contains("'help'")
        }
    }

    @Test(arguments: ["tap", "xyzzyxyzzy", String(repeating: "pause", count: 1000)])
    func anUnknownVerbIsToldAboutHelp(typed: String) {
        #expect { try Self.parse(typed) } throws: { error in
            guard let error = error as? ControlError else { return false }
            return error.code == "unknown_verb" && error.message.contains("'help' lists the verbs")
                && error.message.utf8.count < 200
        }
    }

    @Test(arguments: [
        "ping me", "stats follow 1s 2s", "stats all", "seal a b", "pause a b", "log-level",
        "log-level a b", "drain now",
    ])
    func refusesArgumentsThatDoNotFit(line: String) {
        #expect { try Self.parse(line) } throws: { ($0 as? ControlError)?.code == "bad_argument" }
    }
}

/// Splitting of bytes into lines.
@Suite struct LineFramerTests {
    @Test func givesTheSameLinesHoweverTheBytesAreCut() {
        let bytes = Array("one\ntwo\r\n\nthree".utf8)
        let expected: [LineFramer.Piece] = [
            .line(Array("one".utf8)), .line(Array("two\r".utf8)), .line([]),
            .line(Array("three".utf8)),
        ]
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var framer = LineFramer(lineBytesMax: 5)
                var pieces = framer.append(bytes[..<first])
                pieces += framer.append(bytes[first..<second])
                pieces += framer.append(bytes[second...])
                if let last = framer.finish() { pieces.append(last) }
                #expect(pieces == expected, "cut at \(first) and \(second)")
            }
        }
    }

    @Test func reportsALineThatIsTooLongOnceAndDropsTheRest() {
        var framer = LineFramer(lineBytesMax: 3)
        #expect(framer.append(Array("abc\nab".utf8)) == [.line(Array("abc".utf8))])
        #expect(framer.append(Array("cd".utf8)) == [.tooLong])
        #expect(framer.append(Array("\nabc\n".utf8)).isEmpty)
        #expect(framer.finish() == nil)
    }
}
