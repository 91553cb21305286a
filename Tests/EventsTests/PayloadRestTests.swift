import Events
import Testing

/// What is left of a payload is one piece, if its reader says so.
@Suite struct PayloadRestTests {
    /// The pieces of a payload of which `count` are read before the rest is taken; nil for the rest
    /// where nothing was left.
    private func read(_ count: Int, of text: String) -> (pieces: [String], rest: Piece?) {
        let payload = Array(text.utf8)
        var reader = PayloadReader(limits: PayloadLimits())
        var view = EventView()
        var found: [String] = []
        var rest: Piece?
        payload.withUnsafeBytes { bytes in
            reader.begin(bytes)
            while found.count < count, reader.next(&view) {
                found.append(Piece(view, in: bytes).string)
            }
            if reader.takeRest(&view, .tooManyEvents) { rest = Piece(view, in: bytes) }
            #expect(
                !reader.next(&view) && !reader.takeRest(&view, .tooManyEvents),
                "the payload ends"
            )
        }
        return (found, rest)
    }

    @Test(arguments: [
        ("{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n", "{\"b\":2}\n{\"c\":3}"),
        ("{\"a\":1}\nx\n{\"c\":3}\n", "x\n{\"c\":3}"),
        ("{\"a\":}\nx\n{\"c\":3}\n", "x\n{\"c\":3}"),
        ("[{\"a\":1},{\"b\":2} , {\"c\":3}]", "{\"b\":2} , {\"c\":3}]"),
        ("[{\"a\":1},x,{\"c\":3}]", "x,{\"c\":3}]"), ("[x,,{}]", ",{}]"),
        ("{\"batch\":[{\"a\":1},{\"b\":2}],\"k\":1}\n{}", "{\"b\":2}],\"k\":1}\n{}"),
        ("{}\n{\"batch\":[{\"a\":1},{\"b\":2}]}\n{}\n", "{\"batch\":[{\"a\":1},{\"b\":2}]}\n{}"),
        (
            "{\"batch\":[{}]}\n{\"batch\":[{\"a\":1}]}\n",
            "{\"batch\":[{\"a\":1}]}"
        ),
    ])
    func theRestBeginsBehindTheLastPiece(text: String, rest: String) throws {
        let found = try #require(read(1, of: text).rest)
        #expect(found.string == rest && found.rejection == .tooManyEvents)
        #expect(found.errorOffset == found.start)
    }

    @Test(arguments: ["{}\n \n", "[{}]", "[ {} ]\n", "{\"batch\":[{}]}", "x"])
    func afterTheLastPieceThereIsNone(text: String) {
        #expect(read(1, of: text).rest == nil)
        #expect(read(0, of: text).rest?.string == text.trimmedText, "before it, all is left")
    }

    @Test func theRestOfABurstIsWhatWasNotGiven() {
        let payload = Array((0..<40).map { "{\"n\":\($0)}" }.joined(separator: "\n").utf8)
        let views = UnsafeMutableBufferPointer<EventView>.allocate(capacity: 16)
        views.initialize(repeating: EventView())
        defer { views.deallocate() }
        var reader = PayloadReader(limits: PayloadLimits())
        payload.withUnsafeBytes { bytes in
            reader.begin(bytes)
            #expect(reader.next(views) == 16)
            #expect(reader.takeRest(&views[0], .tooLarge))
            let rest = Piece(views[0], in: bytes)
            #expect(rest.string.hasPrefix("{\"n\":16}\n") && rest.string.hasSuffix("{\"n\":39}"))
            #expect(rest.rejection == .tooLarge)
        }
    }
}

extension String {
    fileprivate var trimmedText: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\n" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
