import Events
import TestSupport
import Testing

/// Payloads that are read together produce the same events as one at a time.
@Suite struct JoinedPayloadsTests {
    /// Returns the events of the payloads that were joined.
    private func joined(_ payloads: [String], _ limits: PayloadLimits = PayloadLimits()) -> [Piece]
    {
        var reader = PayloadReader(limits: limits)
        return together(payloads.map { Array($0.utf8) }, &reader)
    }

    private func together(_ payloads: [[UInt8]], _ reader: inout PayloadReader) -> [Piece] {
        var joined = JoinedPayloads()
        for payload in payloads {
            let isAdded = payload.withUnsafeBytes { joined.add($0) }
            #expect(isAdded, "\(String(decoding: payload, as: UTF8.self)) looks like one object")
        }
        let views = UnsafeMutableBufferPointer<EventView>.allocate(
            capacity: PayloadReader.burstSize
        )
        views.initialize(repeating: EventView())
        defer { views.deallocate() }
        var found: [Piece] = []
        reader.begin(joined)
        while true {
            let count = reader.next(views)
            if count == 0 { break }
            for view in views[..<count] {
                var piece = Piece(view, in: view.bytes)
                piece.start = 0
                found.append(piece)
            }
        }
        #expect(reader.next(views) == 0, "what has ended stays so")
        return found
    }

    private func add(_ payload: String) -> Bool {
        var joined = JoinedPayloads()
        return Array(payload.utf8).withUnsafeBytes { joined.add($0) }
    }

    @Test func eachIsOneEvent() {
        let payloads = (0..<40).map {
            #"{"channel":"c\#($0)","messageId":"m\#($0)","event":"e\u00e9","s":"a\"}{"}"#
        }
        let found = joined(payloads)
        #expect(found.map(\.string) == payloads)
        #expect(found.map(\.channel) == (0..<40).map { "c\($0)" })
        #expect(found.map(\.id) == (0..<40).map { "m\($0)" })
        #expect(found.allSatisfy { $0.name == "eé" && $0.isEvent && !$0.hasLineBreaks })
    }

    @Test func readingEndsBeforeWhatIsNoEvent() {
        let good = #"{"a":1}"#
        for bad in [
            #"{"a":}"#, #"{"a":1}}"#, #"{"a":"x}"#, #"{"a":"}"#, #"{"a":{}"#, #"{{}"#, "{}{}",
            "{\"a\":1}\n{\"b\":2}", #"{"a":1},{"b":2}"#, #"{"batch":[{"a":1},{"b":2}]}"#,
            #"{"_touchpoint":{}}"#, #"{"a":[[[[[[1]]]]]]}"#,
        ] {
            for behind in [[], [good], [#"{"}"#], [#"{"b":"}"#, good], [#"{"a":1}}"#]] {
                let found = joined([good, good, bad] + behind, PayloadLimits(depthMax: 4))
                // If the index fails, nothing is returned at all.
                #expect(found.isEmpty || found.map(\.string) == [good, good], "\(bad), \(behind)")
            }
        }
    }

    /// Two halves that would form one object together are rejected.
    @Test func noObjectIsReadAcrossTwoPayloads() {
        #expect(joined([#"{"a":"}"#, #"{"}"#]).isEmpty)
        #expect(joined([#"{"a":{}"#, #"{}}"#]).isEmpty)
        #expect(joined([#"{"a":1}"#, #"{"a":"}"#, #"{"}"#]).map(\.string) == [#"{"a":1}"#])
    }

    @Test func takesInOnlyWhatLooksLikeOneObject() {
        let no = [
            "", "{", "}", "[{}]", " {}", "{} ", "{}\n", "3", "\u{1F}\u{8B}}", "[}", "{]",
            "{\(String(repeating: " ", count: 4095))}",
        ]
        for payload in no { #expect(!add(payload), "\(payload.prefix(20))") }
        for payload in ["{}", "{}}", "{{}", "{\(String(repeating: " ", count: 4094))}"] {
            #expect(add(payload), "\(payload.prefix(20))")
        }
    }

    @Test func isBoundedInNumberAndBytes() {
        for (size, wanted) in [(2, 64), (512, 64), (513, 63), (4096, 8)] {
            var joined = JoinedPayloads()
            let payload = Array("{\(String(repeating: " ", count: size - 2))}".utf8)
            for _ in 0..<100 { _ = payload.withUnsafeBytes { joined.add($0) } }
            #expect(joined.count == wanted, "of \(size) bytes")
            joined.removeAll()
            #expect(payload.withUnsafeBytes { joined.add($0) } && joined.count == 1)
        }
    }

    @Test func oneReaderReadsBothKindsInTurn() {
        var reader = PayloadReader(limits: PayloadLimits())
        let batch = Array(#"{"batch":[{"a":1},{"b":2}],"context":{"k":1}}"#.utf8)
        for _ in 0..<3 {
            #expect(pieces(batch, &reader).map(\.context) == [#"{"k":1}"#, #"{"k":1}"#])
            let found = together([Array("{}".utf8), batch, Array("{}".utf8)], &reader)
            #expect(found.map(\.string) == ["{}"])
        }
    }

    private static let seeds = [
        #"{"type":"track","channel":"web","n":[1,2.5e3,{"a":null}],"s":"\u00fc\ud83d\ude00"}"#,
        "{\n  \"type\": \"track\",\n  \"a\": [\n    1\n  ]\n}", #"{"messageId":"m","time":"x"}"#,
        #"{"batch":[{"a":1},{"a":2}],"context":{"k":1}}"#, #"{"s":"}{","t":{"u":"\"}"}}"#, "{}",
    ]

    /// Returns payloads that end in a brace, one in eight with a random byte.
    private func payloads(_ generator: inout SeededGenerator) -> [[UInt8]] {
        let likely = Array("[]{},:\"\\\n 01e.-tn\u{0}".utf8) + [0x80, 0xFF]
        return (0..<Int.random(in: 2...20, using: &generator)).map { _ in
            var bytes = Array(
                Self.seeds[Int.random(in: 0..<Self.seeds.count, using: &generator)].utf8
            )
            guard Int.random(in: 0..<8, using: &generator) == 0 else { return bytes }
            let at = Int.random(in: 1..<bytes.count, using: &generator)
            let byte = likely[Int.random(in: 0..<likely.count, using: &generator)]
            if Bool.random(using: &generator) {
                bytes[at] = byte
            } else {
                bytes.insert(byte, at: at)
            }
            return bytes.last == UInt8(ascii: "}") ? bytes : bytes + [UInt8(ascii: "}")]
        }
    }

    /// For any payloads: the events returned equal those of one payload at a time.
    @Test func mutatedPayloadsAreReadAsByThemselves() {
        let seed = UInt64.random(in: 1 ... .max)
        print("joined payloads: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let limits = PayloadLimits(eventBytesMax: 75, eventsMax: 50, depthMax: 3)
        var reader = PayloadReader(limits: limits)
        var second = PayloadReader(limits: limits)
        var readTogether = 0
        for round in 0..<20_000 {
            let payloads = payloads(&generator)
            let found = together(payloads, &reader)
            readTogether += found.count
            for (at, piece) in found.enumerated() {
                let wanted = alone(payloads[at], &second)
                guard wanted == [piece] else {
                    Issue.record("seed \(seed), round \(round), \(at): \(wanted), not \(piece)")
                    return
                }
            }
        }
        #expect(readTogether > 20_000, "events were read together")
    }

    private func alone(_ payload: [UInt8], _ reader: inout PayloadReader) -> [Piece] {
        var found: [Piece] = []
        var view = EventView()
        payload.withUnsafeBytes { bytes in
            reader.begin(bytes)
            while reader.next(&view) { found.append(Piece(view, in: bytes)) }
        }
        return found
    }
}
