/// What a source knows of a message beside its payload, for the writer that reads it.
///
/// Layout in memory, in the machine's byte order:
///
///     offset  bytes
///     0       1     flags
///     1       1     form
///     2       1     bytes of the channel
///     3       1     bytes of the origin
///     4       2     bytes of the metadata
///     6       2     bytes of the places
///     8             channel, origin, metadata, places, without gaps
///
/// Valid as long as its bytes are.
package struct RequestNote {
    package static let headerByteCount = 8
    /// The longest metadata, in bytes.
    package static let metadataBytesMax = 4_096
    /// The longest channel and origin, in bytes.
    package static let textBytesMax = 255
    /// The longest places, in bytes.
    package static let placesBytesMax = 16_384

    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The payload is compressed as zlib does it, if it begins like that.
        package static let isDeflated = Flags(rawValue: 1)
        /// Its key is in the payload, and has to be checked.
        package static let needsKey = Flags(rawValue: 2)
        /// The name of the key belongs into the metadata.
        package static let namesKey = Flags(rawValue: 4)
        /// Keys are left out of its events.
        package static let hidesKeys = Flags(rawValue: 8)
        /// Nothing of it is to be kept.
        package static let isDeclined = Flags(rawValue: 16)
        /// Nothing is to be kept that tells who sent it.
        package static let isAnonymous = Flags(rawValue: 32)
        /// Its key is not known: it belongs into quarantine.
        package static let isUnknownKey = Flags(rawValue: 64)
        /// Its events are in the member `data` of an envelope.
        package static let isEnvelope = Flags(rawValue: 128)
        /// All its events have one fate.
        package static let hasFate = Flags(rawValue: 16 | 64)
        /// It has to be looked at before its events are filed, so it is read alone.
        package static let isReadAlone = Flags(rawValue: 2 | 16 | 64 | 128)
    }

    /// The kind of event that a path stands for; it becomes the `type` of an event without one.
    package enum Form: UInt8, Sendable, CaseIterable {
        /// Any payload.
        case any
        /// A batch, which may be empty.
        case batch
        case track, identify, page, screen, group, alias
        /// Of Snowplow's trackers.
        case snowplow
        /// Of PostHog's.
        case posthog
    }

    package var flags: Flags
    package var form: Form
    /// The channel of events that name none; empty for the source's.
    package var channel: UnsafeRawBufferPointer
    /// The page that sent it; empty for none.
    package var origin: UnsafeRawBufferPointer
    /// A member of the metadata of its events, `"http":{…}`; empty for none.
    package var metadata: UnsafeRawBufferPointer
    /// Where its events have what is looked for, ``EventPlaces``; empty where it is as in others.
    package var places: UnsafeRawBufferPointer

    /// Reads a note as ``append(to:)`` wrote it.
    package init(_ bytes: UnsafeRawBufferPointer) {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        (flags, form, channel, origin, metadata, places) = ([], .any, none, none, none, none)
        guard bytes.count >= Self.headerByteCount else { return }
        flags = Flags(rawValue: bytes[0])
        form = Form(rawValue: bytes[1]) ?? .any
        let metadataCount = Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        let channelEnd = min(Self.headerByteCount + Int(bytes[2]), bytes.count)
        let originEnd = min(channelEnd + Int(bytes[3]), bytes.count)
        let metadataEnd = min(originEnd + metadataCount, bytes.count)
        channel = UnsafeRawBufferPointer(rebasing: bytes[Self.headerByteCount..<channelEnd])
        origin = UnsafeRawBufferPointer(rebasing: bytes[channelEnd..<originEnd])
        metadata = UnsafeRawBufferPointer(rebasing: bytes[originEnd..<metadataEnd])
        let placesCount = Int(bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        let placesEnd = min(metadataEnd + placesCount, bytes.count)
        places = UnsafeRawBufferPointer(rebasing: bytes[metadataEnd..<placesEnd])
    }

    /// Whether a note has a flag, or any of several, without reading all of it; false for no note.
    package static func has(_ flag: Flags, in note: UnsafeRawBufferPointer) -> Bool {
        // Not by the set: its operations are generic in other modules.
        !note.isEmpty && note[0] & flag.rawValue != 0
    }

    /// The bytes of a note; texts that are too long are left out.
    package static func bytes(
        flags: Flags,
        form: Form,
        channel: String = "",
        origin: String = "",
        metadata: String = "",
        places: [UInt8] = []
    ) -> [UInt8] {
        let channel = fitting(channel, textBytesMax)
        let origin = fitting(origin, textBytesMax)
        let metadata = fitting(metadata, metadataBytesMax)
        let places = places.count <= placesBytesMax ? places : []
        var bytes: [UInt8] = [
            flags.rawValue, form.rawValue, UInt8(truncatingIfNeeded: channel.utf8.count),
            UInt8(truncatingIfNeeded: origin.utf8.count),
        ]
        bytes.reserveCapacity(
            headerByteCount + channel.utf8.count + origin.utf8.count + metadata.utf8.count
                + places.count
        )
        for size in [metadata.utf8.count, places.count] {
            withUnsafeBytes(of: UInt16(truncatingIfNeeded: size)) { bytes += $0 }
        }
        bytes += channel.utf8
        bytes += origin.utf8
        bytes += metadata.utf8
        bytes += places
        return bytes
    }

    /// Writes a note that has a channel only, of at most ``textBytesMax`` bytes; returns its length.
    package static func write(
        channel: UnsafeRawBufferPointer,
        to room: UnsafeMutableRawBufferPointer
    ) -> Int {
        for at in 0..<headerByteCount { room[at] = 0 }
        room[1] = Form.any.rawValue
        room[2] = UInt8(truncatingIfNeeded: channel.count)
        UnsafeMutableRawBufferPointer(rebasing: room[headerByteCount...]).copyMemory(from: channel)
        return headerByteCount + channel.count
    }

    private static func fitting(_ text: String, _ bytesMax: Int) -> String {
        text.utf8.count <= bytesMax ? text : ""
    }
}

/// Decides whether a message whose key is in its payload is taken.
///
/// Writers call it, each on its own thread.
package protocol RequestGate: AnyObject, Sendable {
    /// - `key`: as the payload has it; nil if it has none.
    /// - `origin`: the page that sent it; empty for none.
    func admit(key: UnsafeRawBufferPointer?, origin: UnsafeRawBufferPointer) -> GateVerdict

    /// Whether a text is a key.
    func isKey(_ text: UnsafeRawBufferPointer) -> Bool

    /// Overwrites the keys in a text that is kept as it came; returns whether there was any.
    func cover(_ text: UnsafeMutableRawBufferPointer) -> Bool
}

/// The decision on a message whose key is in its payload.
package enum GateVerdict: Sendable, Equatable {
    /// It is taken; its key has a name, and perhaps a channel for events without one.
    case admitted(name: String, channel: String)
    /// Its key is not known: its events are kept in quarantine, as those of a producer with this name.
    case unknown(name: String)
    /// Nothing of it is kept, for the reason in its answer.
    case refused(reason: String)
}
