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

    /// Reads a batch; `messageBytes` as if it had been compressed to so many bytes.
    private func batch(contextBytes: Int, events: Int, messageBytes: Int? = nil) -> [Piece] {
        let context = String(repeating: "x", count: contextBytes - 2)
        let batch = Array(repeating: "{}", count: events).joined(separator: ",")
        var reader = PayloadReader(limits: PayloadLimits())
        var view = EventView()
        var pieces: [Piece] = []
        Array("{\"context\":\"\(context)\",\"batch\":[\(batch)]}".utf8).withUnsafeBytes { bytes in
            reader.begin(bytes, messageBytes: messageBytes)
            while reader.next(&view) { pieces.append(Piece(view, in: bytes)) }
        }
        return pieces
    }

    @Test func everyMessageMayCopyAnOrdinaryContext() {
        let pieces = batch(contextBytes: 2_048, events: 250, messageBytes: 2_000)
        #expect(pieces.map(\.rejection) == Array(repeating: nil, count: 250))
        #expect(pieces.allSatisfy { $0.context.utf8.count == 2_048 })
    }

    /// 60 KB with a thousand events would otherwise become 60 MB of lines.
    @Test(arguments: [(60_000, 2), (16_384, 11), (4_096, 142)])
    func whatAMessageCopiesIsBoundedByItsLength(contextBytes: Int, accepted: Int) {
        let pieces = batch(contextBytes: contextBytes, events: 1_000)
        #expect(pieces.count == 1_000)
        #expect(pieces.prefix { $0.isEvent }.count == accepted)
        let rejected = pieces.dropFirst(accepted)
        #expect(rejected.allSatisfy { $0.rejection == .tooLarge && $0.string == "{}" })
        #expect(rejected.first?.detail.contains("may copy; send fewer events") == true)
        let compressed = batch(contextBytes: contextBytes, events: 1_000, messageBytes: 0)
        #expect(compressed.prefix { $0.isEvent }.count <= accepted)
    }

    /// What its first event gets is no copy: the bytes were in the message.
    @Test func theFirstEventOfABatchCopiesNothing() {
        let context = String(repeating: "x", count: 60_000)
        let lines = Array(repeating: #"{"context":"\#(context)","batch":[{}]}"#, count: 60)
        let pieces = pieces(lines.joined(separator: "\n"), piecesMax: .max)
        #expect(pieces.count == 60)
        #expect(pieces.allSatisfy { $0.isEvent && $0.context.utf8.count == 60_002 })
    }
}
