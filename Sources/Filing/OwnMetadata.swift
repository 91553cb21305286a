import Compression
import Events

/// The members that the collector adds to the metadata of one event: those of its request, and what
/// it is recognised by.
///
/// One thread, the writer's; only events with an identity from a profile have any.
struct OwnMetadata: ~Copyable {
    private var memory = GrowableBuffer()

    /// The members as text, without a comma around them; valid until the next call.
    mutating func bytes(
        of identity: ProfiledIdentity,
        behind note: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        memory.removeAll()
        memory.append(note)
        append(note.isEmpty ? #""identity":""# : #","identity":""#)
        memory.reserve(memory.count + QuarantinedPayload.escapedBytesMax(identity.text.count) + 24)
        if let room = memory.room.bindMemory(to: UInt8.self).baseAddress {
            let end = QuarantinedPayload.writeEscaped(identity.text, room)
            memory.advance(by: end - room)
        }
        append(identity.isEnough ? #"","idAlone":true"# : "\"")
        return memory.bytes
    }

    private mutating func append(_ text: StaticString) {
        memory.append(
            UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        )
    }
}
