/// Combines events into messages.
extension Sender {
    /// Fills ``payload`` with the next message; returns its number of events, 0 at the source's end.
    ///
    /// A message has at most `batch` events and `messageBytesMax` bytes. A longer event is refused. A
    /// line that is not an object is sent alone: as the first of several it could make them look like
    /// an array.
    mutating func nextPayload(_ source: inout some EventSource) -> Int {
        payload.removeAll(keepingCapacity: true)
        origins.removeAll(keepingCapacity: true)
        var events = 0
        while events < configuration.batch {
            let end = payload.count
            if events > 0 { payload.append(0x0a) }
            let start = payload.count
            guard let place = nextEvent(&source) else {
                payload.removeSubrange(end...)
                break
            }
            if payload.count > configuration.messageBytesMax {
                let isTooLong = payload.count - start > configuration.messageBytesMax
                if isTooLong {
                    refuse(bytes: payload.count - start, at: place.value)
                } else {
                    held = (Array(payload[start...]), place.value)
                }
                payload.removeSubrange(end...)
                if isTooLong { continue }
                break
            }
            let isObject = Self.isObject(payload[start...])
            if !isObject, events > 0 {
                held = (Array(payload[start...]), place.value)
                payload.removeSubrange(end...)
                break
            }
            if let place = place.value {
                origins.append(MessageOrigin(offset: start, place: place))
            }
            events += 1
            if !isObject { break }
        }
        startClock()
        return events
    }

    private static func isObject(_ event: ArraySlice<UInt8>) -> Bool {
        event.first { $0 != 0x20 && $0 != 0x09 } == 0x7b
    }

    /// The place of an event, if known.
    private struct Place { let value: EventPlace? }

    /// Appends one event to ``payload``; nil at the end of the source, or if it fails.
    private mutating func nextEvent(_ source: inout some EventSource) -> Place? {
        if let held {
            payload.append(contentsOf: held.bytes)
            self.held = nil
            return Place(value: held.place)
        }
        guard sourceFailure == nil else { return nil }
        var hasEvent = false
        do throws(ProducerError) {
            hasEvent = try source.appendNext(to: &payload)
        } catch {
            sourceFailure = error
        }
        for refusal in source.takeRefusals() {
            summary.refused += 1
            note(refusal)
        }
        return hasEvent ? Place(value: source.place) : nil
    }

    private mutating func refuse(bytes: Int, at place: EventPlace?) {
        summary.refused += 1
        note(
            SendFinding(
                .refused,
                at: place,
                reason: "too_large",
                detail: "\(bytes) bytes; a message has at most \(configuration.messageBytesMax)"
            )
        )
    }
}
