import Platform

/// The collector's findings about an event, for its metadata, so that readers of the files need
/// neither the folder nor the configuration nor the rules.
///
/// The buffer must outlive the writing of the line.
package struct ResolvedEvent {
    /// Bytes of the longest text that the metadata repeat; a longer one is omitted.
    package static let textBytesMax = 1_024

    /// The channel of the event, its batch or its source; empty for none.
    package var channel: UnsafeRawBufferPointer
    /// The event's own time, microseconds since 1970 UTC; nil if it cannot be parsed.
    package var time: Int64?
    /// Whether another event had the same id.
    package var isIDReused: Bool
    package var timeliness: Timeliness
    /// A member that the source adds to the metadata, `"http":{…}`; empty for none.
    package var note: UnsafeRawBufferPointer

    package init(
        channel: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        time: Int64? = nil,
        isIDReused: Bool = false,
        timeliness: Timeliness = .timely,
        note: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        self.channel = channel
        self.time = time
        self.isIDReused = isIDReused
        self.timeliness = timeliness
        self.note = note
    }

    /// The most bytes that all members together need.
    static func bytesMax(_ resolved: ResolvedEvent, _ event: borrowing EventView) -> Int {
        var texts = min(resolved.channel.count, textBytesMax)
        if !event.isEventName { texts += min(event.name.count, textBytesMax) }
        if !event.isMessageID { texts += min(event.id.count, textBytesMax) }
        // A byte becomes at most six when escaped; the keys, the time and the marks need 98.
        return texts * 6 + resolved.note.count + 111
    }

    private static func isShort(_ text: UnsafeRawBufferPointer) -> Bool {
        text.count - 1 < textBytesMax && !text.isEmpty
    }

    var hasChannel: Bool { Self.isShort(channel) }

    /// Writes the channel and the quote after it.
    @inline(__always)
    func writeChannel(to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        Self.quoted(channel, out)
    }

    /// Writes the members after the channel, and the brace that ends the metadata.
    @inline(__always)
    func write(
        _ event: borrowing EventView,
        to out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var end = out
        if let time { end = Self.write(time, as: event.time, to: end) }
        let name = event.isEventName ? 0 : event.name.count
        let id = event.isMessageID ? 0 : event.id.count
        let marks = Int(timeliness.rawValue) | (isIDReused ? 1 : 0)
        if name | id | note.count | marks != 0 { end = writeRest(event, to: end) }
        end.pointee = UInt8(ascii: "}")
        return end + 1
    }

    @inline(never)
    private func writeRest(
        _ event: borrowing EventView,
        to out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var end = out
        if !event.isEventName, Self.isShort(event.name) {
            end = Self.quoted(event.name, Self.put(#","name":""#, end))
        }
        if !event.isMessageID, Self.isShort(event.id) {
            end = Self.quoted(event.id, Self.put(#","id":""#, end))
        }
        if isIDReused { end = Self.put(#","idReused":true"#, end) }
        switch timeliness {
        case .timely, .untimed: break
        case .late: end = Self.put(#","late":true"#, end)
        case .future: end = Self.put(#","future":true"#, end)
        }
        guard let start = note.baseAddress, !note.isEmpty else { return end }
        end.pointee = UInt8(ascii: ",")
        UnsafeMutableRawPointer(end + 1).copyMemory(from: start, byteCount: note.count)
        return end + 1 + note.count
    }

    private static func put(
        _ text: StaticString,
        _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        out.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        return out + text.utf8CodeUnitCount
    }

    @inline(__always)
    private static func quoted(
        _ text: UnsafeRawBufferPointer,
        _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        let end = JSONText.write(text, to: out)
        end.pointee = UInt8(ascii: "\"")
        return end + 1
    }

    // MARK: - The event's time

    private static let timeTemplate: StaticString = ",\"time\":\"0000-00-00T00:00:00.000000Z\""
    private static let timeKeyCount = 9

    /// Writes `,"time":"…"`; `text` is the text that the time was parsed from.
    @inline(__always)
    private static func write(
        _ time: Int64,
        as text: UnsafeRawBufferPointer,
        to out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        let count = timeKeyCount + Timestamp.byteCount + 1
        out.update(from: timeTemplate.utf8Start, count: count)
        if isInWrittenForm(text), let start = text.baseAddress {
            let digits = UnsafeMutableRawPointer(out + timeKeyCount)
            digits.copyMemory(from: start, byteCount: 19)
            var at = 20
            while at < text.count - 1 {
                digits.storeBytes(of: text[at], toByteOffset: at, as: UInt8.self)
                at += 1
            }
        } else {
            Timestamp.write(time, to: out + timeKeyCount)
        }
        return out + count
    }

    /// Whether `text`, which parses as a time, is in the written form or lacks only digits of its
    /// fraction.
    ///
    /// Most are: then no date need be computed.
    @inline(__always)
    private static func isInWrittenForm(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count >= 20, text.count <= Timestamp.byteCount,
            text[text.count - 1] == UInt8(ascii: "Z"), text[10] == UInt8(ascii: "T"),
            // A leap second belongs to the next minute.
            text[17] != UInt8(ascii: "6")
        else { return false }
        return text.count == 20 || text[19] == UInt8(ascii: ".")
    }
}
