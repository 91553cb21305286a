import Compression
import Events
import Intake
import Platform

/// Applies what sources note of their requests: keys in payloads are checked and left out, and
/// events get the channel and the type that they lack.
///
/// An event that changes is copied, and its view is made to refer to the copy: so its content, by
/// which it is recognised, is that of the line. One thread, the writer's.
struct NoteWork: ~Copyable {
    private static let noGate = GateVerdict.refused(reason: "unauthorized")
    private static let httpStart = Array(#""http":{"#.utf8)
    /// The most bytes that a type adds.
    private static let typeBytesMax = 24

    /// By source, who decides on keys in payloads.
    private let gates: [(any RequestGate)?]
    private let producers: ProducerBook
    /// Whether the current message has been looked at.
    private(set) var hasLooked = false
    /// The number of the producer whose key is in the payload; nil for that of the record.
    private(set) var producer: Int?
    /// What becomes of all events of the current message.
    private(set) var fate = Fate.filed
    /// Finds the identity, name and time of events.
    var profiles = ProfileWork()
    private var copies = GrowableBuffer()
    /// The channel of the key in the payload; as long as its message.
    private var channel = GrowableBuffer()
    private var metadata = GrowableBuffer()

    /// What becomes of a message.
    enum Outcome {
        /// `metadata` is empty where that of the note stays.
        case taken(metadata: UnsafeRawBufferPointer)
        /// It has no event.
        case empty
        case refused(reason: String)
    }

    init(gates: [(any RequestGate)?], producers: ProducerBook) {
        self.gates = gates
        self.producers = producers
    }

    /// Begins a message.
    mutating func begin(hasNote: Bool) {
        hasLooked = !hasNote
        producer = nil
        fate = .filed
    }

    /// Forgets the key and the fate of a message.
    mutating func forget() {
        fate = .filed
        channel.removeAll()
    }

    // MARK: - A message

    /// Decides on a message.
    ///
    /// - `text`: its payload, inflated.
    /// - `rejection`: why its first piece cannot be accepted; nil if it can.
    mutating func look(
        _ note: RequestNote,
        _ text: UnsafeRawBufferPointer,
        rejection: Rejection?,
        of record: IntakeRecord
    ) -> Outcome {
        hasLooked = true
        channel.removeAll()
        metadata.removeAll()
        fate = Fate(record.note)
        if note.flags.contains(.needsKey) {
            let key = BodyKeys.key(in: text, of: note.form)
            switch gates[record.source]?.admit(key: key, origin: note.origin) ?? Self.noGate {
            case .refused(let reason):
                // Of a text that cannot be read, its damage says more than the missing key.
                let isUnread = key == nil && rejection != nil
                return .refused(reason: isUnread ? rejection?.rawValue ?? reason : reason)
            case .admitted(let name, let channel):
                count(record, of: name)
                take(name: name, channel: channel, note)
            case .unknown(let name):
                count(record, of: name)
                if fate == .filed { fate = .unknownKey }
            }
        }
        if note.form == .batch || note.form == .posthog, Self.isEmptyBatch(text) { return .empty }
        return .taken(metadata: metadata.bytes)
    }

    /// Counts a message as one of the producer with a key of this name.
    private mutating func count(_ record: IntakeRecord, of name: String) {
        let found = producers.producer(of: record.source, key: name)
        found?.intake.add(messages: 1, bytes: record.payload.count)
        producer = found?.number
    }

    private mutating func take(name: String, channel: String, _ note: RequestNote) {
        var (name, channel) = (name, channel)
        channel.withUTF8 { self.channel.append(UnsafeRawBufferPointer($0)) }
        guard note.flags.contains(.namesKey) else { return }
        Self.httpStart.withUnsafeBytes { metadata.append($0) }
        let key = Array(#""key":""#.utf8)
        key.withUnsafeBytes { metadata.append($0) }
        name.withUTF8 { metadata.append(UnsafeRawBufferPointer($0)) }
        // Behind the brace there is another member, or nothing.
        let rest = UnsafeRawBufferPointer(rebasing: note.metadata.dropFirst(Self.httpStart.count))
        let isOnly = rest.isEmpty || rest[0] == UInt8(ascii: "}")
        Array((isOnly ? #"""# : #"","#).utf8).withUnsafeBytes { metadata.append($0) }
        if rest.isEmpty {
            Array("}".utf8).withUnsafeBytes { metadata.append($0) }
        } else {
            metadata.append(rest)
        }
    }

    private static func isEmptyBatch(_ text: UnsafeRawBufferPointer) -> Bool {
        var members = TopLevelMembers(text)
        while let member = members.next() {
            guard member.key.elementsEqual("batch".utf8) else { continue }
            return member.value.allSatisfy {
                $0.isBlank || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]")
            }
        }
        return false
    }

    // MARK: - Its events

    /// Makes room for the copies of a burst's events, whose views then stay valid.
    mutating func begin(_ burst: borrowing EventBurst) {
        copies.removeAll()
        var bytes = 0
        for at in 0..<burst.count { bytes += burst.views[at].bytes.count + Self.typeBytesMax }
        copies.reserve(bytes)
    }

    /// Applies a note to an event of the burst.
    mutating func apply(
        _ note: RequestNote,
        to burst: borrowing EventBurst,
        at place: Int,
        source: Int
    ) {
        guard burst.views[place].rejection == nil else { return }
        if burst.views[place].channel.isEmpty {
            let named = channel.count > 0 ? channel.bytes : note.channel
            if !named.isEmpty { burst.views[place].channel = named }
        }
        let text = burst.views[place].bytes
        let type = type(for: note.form, text)
        let cuts =
            note.flags.contains(.hidesKeys)
            ? BodyKeys.cuts(in: text, of: note.form, gates[source]) : []
        guard type != nil || !cuts.isEmpty else { return }
        rewrite(&burst.views[place], type: type, cuts: cuts)
    }

    /// The type that an event lacks; nil if it lacks none.
    private func type(for form: RequestNote.Form, _ text: UnsafeRawBufferPointer) -> StaticString? {
        let type: StaticString
        switch form {
        case .any, .batch, .snowplow, .posthog: return nil
        case .track: type = "track"
        case .identify: type = "identify"
        case .page: type = "page"
        case .screen: type = "screen"
        case .group: type = "group"
        case .alias: type = "alias"
        }
        guard ByteSearch.contains("\"type\"", in: text) else { return type }
        var members = TopLevelMembers(text)
        while let member = members.next() {
            if member.key.elementsEqual("type".utf8) { return nil }
        }
        return type
    }

    /// Copies an event without the cut members, with a type in front.
    private mutating func rewrite(_ view: inout EventView, type: StaticString?, cuts: [Range<Int>])
    {
        let (text, start) = (view.bytes, copies.count)
        var sentAt = text.offset(of: view.sentAtMember)
        append("{")
        if let type {
            append("\"type\":\"")
            append(type)
            append("\",")
        }
        var at = 1
        var movedSentAt: Int?
        for cut in cuts + [text.count..<text.count] {
            if let place = sentAt, place >= at, place < cut.lowerBound {
                movedSentAt = copies.count + place - at
                sentAt = nil
            }
            copies.append(UnsafeRawBufferPointer(rebasing: text[at..<cut.lowerBound]))
            at = Self.endOfCut(cut, in: text)
        }
        closeObject(from: start)
        let copied = UnsafeRawBufferPointer(rebasing: copies.bytes[start...])
        let member = view.sentAtMember.count
        view.bytes = copied
        view.sentAtMember =
            movedSentAt.map { UnsafeRawBufferPointer(rebasing: copies.bytes[$0..<($0 + member)]) }
            ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// The position behind a cut member and the comma after it.
    private static func endOfCut(_ cut: Range<Int>, in text: UnsafeRawBufferPointer) -> Int {
        var at = cut.upperBound
        while at < text.count, text[at].isBlank { at += 1 }
        return at < text.count && text[at] == UInt8(ascii: ",") ? at + 1 : cut.upperBound
    }

    /// Takes away a comma that nothing follows.
    private mutating func closeObject(from start: Int) {
        var end = copies.count - 1
        while end > start, copies.bytes[end - 1].isBlank { end -= 1 }
        guard end > start, copies.bytes[end - 1] == UInt8(ascii: ",") else { return }
        copies.removeLast(copies.count - end + 1)
        append("}")
    }

    private mutating func append(_ text: StaticString) {
        copies.append(
            UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        )
    }
}

extension UnsafeRawBufferPointer {
    /// The offset of a part; nil for an empty one.
    fileprivate func offset(of part: UnsafeRawBufferPointer) -> Int? {
        guard !part.isEmpty, let start = baseAddress, let other = part.baseAddress else {
            return nil
        }
        return other - start
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
