import Testing

@testable import Intake

/// Records and answers are read from memory exactly as they were written.
@Suite struct AnswerTests {
    private func afterMemory(_ answer: Answer) -> Answer {
        let bytes = [UInt8](unsafeUninitializedCapacity: answer.byteCount) { buffer, count in
            if let room = UnsafeMutableRawPointer(buffer.baseAddress) { answer.write(to: room) }
            count = answer.byteCount
        }
        return bytes.withUnsafeBytes { Answer($0) }
    }

    @Test func everyAnswerIsReadAsWritten() {
        var full = Answer(.committed, events: 70_000)
        full.duplicates = 3
        full.moreRefused = 12
        full.refused = (0..<101).map { number in
            Answer.RefusedPiece(
                index: number,
                offset: number << 33,
                reason: String(repeating: "r", count: number),
                detail: String(repeating: "d", count: 200 - number)
            )
        }
        var countsOnly = Answer(.committed)
        countsOnly.moreRefused = 1
        for answer in [
            Answer(.committed), Answer(.committed, events: 5), full, countsOnly, .rejected(""),
            .rejected("too_large"), .unavailable("draining"),
        ] {
            #expect(afterMemory(answer) == answer)
        }
        #expect(Answer(.committed, events: 5).isPlain)
        #expect(!full.isPlain && !countsOnly.isPlain && !Answer.rejected("").isPlain)
    }

    @Test func theShortWayWritesTheSame() {
        let bytes = [UInt8](unsafeUninitializedCapacity: Answer.plainByteCount) { buffer, count in
            if let room = UnsafeMutableRawPointer(buffer.baseAddress) {
                Answer.writeCommitted(events: 77, to: room)
            }
            count = Answer.plainByteCount
        }
        #expect(bytes.withUnsafeBytes { Answer($0) } == Answer(.committed, events: 77))
    }

    @Test(arguments: [0, 1, 300, IntakeRecord.addressBytesMax])
    func aRecordIsReadAsWritten(addressBytes: Int) {
        let address = (0..<addressBytes).map { UInt8($0 % 253) }
        let payload = Array("{}".utf8)
        let bytes = address.withUnsafeBytes { address in
            payload.withUnsafeBytes { payload in
                let record = IntakeRecord(
                    source: 513,
                    isAnswered: addressBytes > 0,
                    peer: 65_535,
                    receivedAt: 1_700_000_000_000_001,
                    returnAddress: address,
                    payload: payload
                )
                return [UInt8](unsafeUninitializedCapacity: record.byteCount) { buffer, count in
                    if let room = UnsafeMutableRawPointer(buffer.baseAddress) {
                        record.write(to: room)
                    }
                    count = record.byteCount
                }
            }
        }
        bytes.withUnsafeBytes {
            let record = IntakeRecord($0)
            #expect(record.source == 513 && record.peer == 65_535)
            #expect(record.isAnswered == (addressBytes > 0))
            #expect(record.receivedAt == 1_700_000_000_000_001)
            #expect(record.returnAddress.elementsEqual(address))
            #expect(record.payload.elementsEqual(payload))
        }
    }
}
