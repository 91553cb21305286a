import Intake
import Testing

/// A note arrives as it was written, also in a record.
@Suite struct RequestNoteTests {
    private func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: RequestNote.Form.allCases)
    func aNoteIsReadAsItWasWritten(form: RequestNote.Form) {
        let bytes = RequestNote.bytes(
            flags: [.needsKey, .isDeflated],
            form: form,
            channel: "web",
            origin: "https://a",
            metadata: #""http":{"a":"b"}"#
        )
        bytes.withUnsafeBytes { bytes in
            let note = RequestNote(bytes)
            #expect(note.flags == [.needsKey, .isDeflated])
            #expect(note.form == form)
            #expect(text(note.channel) == "web")
            #expect(text(note.origin) == "https://a")
            #expect(text(note.metadata) == #""http":{"a":"b"}"#)
        }
    }

    @Test func nothingIsAnEmptyNote() {
        let note = RequestNote(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(note.flags.isEmpty && note.form == .any)
        #expect(note.channel.isEmpty && note.origin.isEmpty && note.metadata.isEmpty)
    }

    @Test func textsThatAreTooLongAreLeftOut() {
        let long = String(repeating: "x", count: RequestNote.metadataBytesMax + 1)
        RequestNote.bytes(flags: [], form: .any, channel: long, origin: "o", metadata: long)
            .withUnsafeBytes { bytes in
                let note = RequestNote(bytes)
                #expect(note.channel.isEmpty && note.metadata.isEmpty)
                #expect(text(note.origin) == "o")
            }
    }

    @Test(arguments: ["", "n", "a note of an odd length"])
    func aRecordCarriesIt(note: String) {
        let (address, payload) = (Array("address".utf8), Array("{}".utf8))
        address.withUnsafeBytes { address in
            payload.withUnsafeBytes { payload in
                Array(note.utf8).withUnsafeBytes { note in
                    var record = IntakeRecord(
                        source: 7,
                        isAnswered: true,
                        peer: 9,
                        receivedAt: 5,
                        returnAddress: address,
                        payload: payload
                    )
                    record.note = note
                    withUnsafeTemporaryAllocation(byteCount: record.byteCount, alignment: 8) {
                        room in
                        guard let start = room.baseAddress else { return }
                        record.write(to: start)
                        let read = IntakeRecord(UnsafeRawBufferPointer(room))
                        #expect(read.isAnswered && read.source == 7 && read.peer == 9)
                        #expect(text(read.note) == text(note))
                        #expect(text(read.returnAddress) == "address")
                        #expect(text(read.payload) == "{}")
                        #expect(read.byteCount == record.byteCount)
                    }
                }
            }
        }
    }
}
