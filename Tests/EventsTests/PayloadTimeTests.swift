import Events
import Testing

/// Reading takes time linear in the payload's size, for any content.
@Suite(.serialized) struct PayloadTimeTests {
    /// Far above linear time in a debug build on a busy machine, far below quadratic time for four
    /// mebibytes (10¹³ steps).
    private static let bound = Duration.seconds(30)
    private static let size = 4 << 20

    private func repeated(_ text: String) -> [UInt8] {
        let unit = Array(text.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.size + unit.count)
        while bytes.count < Self.size { bytes += unit }
        return bytes
    }

    private func count(_ payload: [UInt8]) -> (pieces: Int, time: Duration) {
        var reader = PayloadReader(limits: PayloadLimits())
        var view = EventView()
        var count = 0
        let time = ContinuousClock().measure {
            payload.withUnsafeBytes { bytes in
                reader.begin(bytes)
                while reader.next(&view) { count += 1 }
            }
        }
        return (count, time)
    }

    @Test(arguments: [
        "[", "{", "]", "[{},", "[{}", "{\"a\":", "\"", "\\", "{\"a\":1}\nx\n",
        "{\"a\":1}\n{\"b\":\n", "{}{}\n",
        "{\"batch\":[{},{},{}],\"context\":{\"channel\":\"w\"}}\n",
        "{\"batch\":[{}]}", "1\n", "\n", " ", "{\"a\":1}\n\n\n\n\n\n\n\n",
    ])
    func worstCasesStayLinear(unit: String) {
        let (pieces, time) = count(repeated(unit))
        #expect(time < Self.bound, "\(unit) took \(time)")
        #expect(pieces <= PayloadLimits().eventsMax + 1)
    }

    @Test(arguments: ["{\"a\":1},x,", "{},{},{},{\"a\":\"\\q\"},"])
    func damagedArraysStayLinear(unit: String) {
        var payload = Array("[".utf8) + repeated(unit)
        payload += Array("{}]".utf8)
        let (pieces, time) = count(payload)
        #expect(time < Self.bound, "\(unit) took \(time)")
        #expect(pieces <= PayloadLimits().eventsMax + 1)
    }

    @Test func longNumbersStayLinear() {
        let payload = Array("{\"a\":1".utf8) + repeated("7") + Array("e-9}".utf8)
        let (pieces, time) = count(payload)
        #expect(time < Self.bound && pieces == 1, "took \(time)")
    }
}
