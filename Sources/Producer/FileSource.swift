/// Reads the events of files, one file after another; `-` is standard input.
///
/// A line with an object, or with no object at all, is an event, unchanged: the collector judges
/// it. An object over several lines, and an element of an array, is sent without the line breaks
/// between its tokens. Text that cannot be separated is omitted: no part of it may become an event.
package final class FileSource: EventSource {
    /// The options of reading files.
    package struct Reading: Sendable {
        /// How often all files are read; standard input can be read only once.
        package var rounds = 1
        /// Every line is an event, whatever it contains.
        package var isByLine = false
        /// The longest object over several lines, in bytes.
        package var objectBytesMax = 4 << 20
        /// Bytes read at once; grows with the longest line.
        package var windowBytes = 1 << 20

        package init() {}
    }

    /// Nil: unknown without reading everything.
    package var total: Int? { nil }
    package private(set) var place: EventPlace?

    private let paths: [String]
    private let reading: Reading
    private var round = 1
    private var nextPath = 0
    private var text: FileText?
    private var separator: EventSeparator
    private var refusals: [SendFinding] = []

    /// Opens nothing yet; an empty list means standard input.
    package init(paths: [String], reading: Reading = Reading()) {
        self.paths = paths.isEmpty ? ["-"] : paths
        self.reading = reading
        separator = EventSeparator(reading)
    }

    package func appendNext(to payload: inout [UInt8]) throws(ProducerError) -> Bool {
        while true {
            guard let text = try openText() else { return false }
            let piece = try separator.next(in: text)
            place = text.place
            switch piece {
            case .line(let count):
                payload.append(contentsOf: text.bytes.prefix(count))
                text.take(count + 1)
                return true
            case .object(let range):
                Self.append(
                    UnsafeRawBufferPointer(rebasing: text.bytes[range]),
                    to: &payload
                )
                text.take(range.upperBound)
                return true
            case .unknown(let place, let why):
                refusals.append(
                    SendFinding(
                        .refused,
                        at: place,
                        reason: "not_separable",
                        detail: "\(why); it and the rest of the file were not sent"
                    )
                )
                self.text = nil
            case .end:
                self.text = nil
            }
        }
    }

    package func takeRefusals() -> [SendFinding] {
        guard !refusals.isEmpty else { return [] }
        defer { refusals.removeAll() }
        return refusals
    }

    /// Returns the current file, or opens the next one; nil after the last.
    private func openText() throws(ProducerError) -> FileText? {
        if let text { return text }
        if nextPath == paths.count {
            guard round < reading.rounds else { return nil }
            round += 1
            nextPath = 0
        }
        let path = paths[nextPath]
        nextPath += 1
        separator = EventSeparator(reading)
        text = try FileText(path: path, windowBytes: reading.windowBytes)
        return text
    }

    /// Appends an object without its line breaks, which are between its tokens.
    private static func append(_ object: UnsafeRawBufferPointer, to payload: inout [UInt8]) {
        for part in object.split(separator: 0x0a) {
            payload.append(contentsOf: part.last == 0x0d ? part.dropLast() : part)
        }
    }
}
