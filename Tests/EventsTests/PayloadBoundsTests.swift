import Events
import Testing

/// Payloads with a limit on their pieces, and the rest of a payload as one piece.
@Suite struct PayloadBoundsTests {
    private func pieces(_ text: String, piecesMax: Int, joinAfter: Int = .max) -> [Piece] {
        var reader = PayloadReader(limits: PayloadLimits())
        var view = EventView()
        var pieces: [Piece] = []
        var rejected = 0
        Array(text.utf8).withUnsafeBytes { bytes in
            reader.begin(bytes, piecesMax: piecesMax)
            while reader.next(&view) {
                if view.rejection != nil {
                    rejected += 1
                    if rejected > joinAfter { reader.joinRest(to: &view) }
                }
                pieces.append(Piece(view, in: bytes))
            }
        }
        return pieces
    }

    @Test(arguments: ["{}\n{}\n{}\n", "[{},{},{}]", "{\"batch\":[{},{},{}]}"])
    func aPayloadMayHaveABoundOfItsOwn(text: String) {
        #expect(pieces(text, piecesMax: 3).map(\.rejection) == [nil, nil, nil])
        #expect(pieces(text, piecesMax: 2).map(\.rejection) == [.tooManyEvents])
    }

    @Test(arguments: [
        ("{}\nx\n{}\ny\n{}\nz\n", "y\n{}\nz"), ("[{},x,{},y,{},z]", "y,{},z]"),
        ("[{},1,{},2,{},3]", "2,{},3]"),
    ])
    func theRestJoinsARejectedPiece(text: String, rest: String) throws {
        let pieces = pieces(text, piecesMax: 100, joinAfter: 1)
        #expect(pieces.count == 4)
        #expect(pieces.map { $0.rejection == nil } == [true, false, true, false])
        #expect(pieces.last?.string == rest)
    }

    /// An event is written with the fields its batch hands down, and lines have a maximum length.
    @Test func whatABatchHandsDownIsNoLongerThanAnEvent() {
        let limits = PayloadLimits(eventBytesMax: 1_024)
        func rejection(_ contextBytes: Int) -> Rejection? {
            let context = String(repeating: "x", count: contextBytes - 2)
            var reader = PayloadReader(limits: limits)
            var view = EventView()
            let text = "{\"context\":\"\(context)\",\"batch\":[{\"a\":1}]}"
            return Array(text.utf8).withUnsafeBytes { bytes in
                reader.begin(bytes)
                let isRead = reader.next(&view)
                #expect(isRead)
                return view.rejection
            }
        }
        #expect(rejection(1_024) == nil)
        #expect(rejection(1_025) == .tooLarge)
    }
}
