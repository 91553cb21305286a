package import Archive
import Dedup
package import Disk
package import Events

/// The ids of the events that recovery will keep of an open segment, collected during its scan, so
/// that sources need not wait until it is sealed.
///
/// These events may not be durable yet: an answer for one of them must wait until
/// ``FolderRecovery`` has settled the segment by the same ``scan``.
package struct OpenIdentities: Sendable {
    /// The scan that recovery uses; nil if the sealed file exists beside the open one already.
    package private(set) var scan: OpenSegmentScan?
    private var records = IdentityRecords()

    package var count: Int { records.count }

    /// Scans an open segment.
    ///
    /// - `sources`: numbers of those with `dedup` on, by name.
    /// - `since`: seconds since 1970 UTC; events received before are skipped.
    /// - `contentHash`: of this data folder.
    package init(
        _ path: String,
        in fileSystem: any FileSystem,
        sources: [String: Int],
        since: UInt32,
        contentHash: ContentHash
    ) throws(FileSystemError) {
        var records = IdentityRecords()
        if let sealed = Layout.sealedPath(forOpen: path), fileSystem.exists(sealed) {
            // Recovery stopped after its rename: the open file holds the same, or less.
            try SegmentReader.eachReadable(of: sealed, in: fileSystem) { (line, _) in
                records.add(line, sources: sources, since: since, contentHash: contentHash)
            }
        } else {
            var kept = 0
            let scan = try OpenSegmentScan.scan(
                path,
                in: fileSystem,
                onEvent: { (line, _) in
                    records.add(line, sources: sources, since: since, contentHash: contentHash)
                },
                onKeep: { kept = records.count }
            )
            if case .finished = scan.verdict {} else { records.cut(to: kept) }
            self.scan = scan
        }
        self.records = records
    }

    /// Visits every id.
    package func each(_ visit: (KnownIdentity) -> Void) { records.each(visit) }
}

/// Ids that one thread passes to another.
private struct IdentityRecords: Sendable {
    private struct Record {
        var source: Int32
        /// Index of the producer's name.
        var producer: Int32
        var seconds: UInt32
        var byteCount: Int32
        var content: UInt64
    }

    private var records: [Record] = []
    private var text: [UInt8] = []
    /// The source of the previous line.
    private var name: [UInt8] = []
    private var number: Int?
    /// The names of producers in the order of their first id, and the text of the previous line's.
    private var producers = [""]
    private var producerText: [UInt8] = []
    private var producer = 0

    var count: Int { records.count }

    mutating func add(
        _ line: borrowing WrittenLine,
        sources: [String: Int],
        since: UInt32,
        contentHash: ContentHash
    ) {
        if !name.elementsEqual(line.source) {
            name = Array(line.source)
            number = sources[String(decoding: name, as: UTF8.self)]
        }
        let seconds = UInt32(clamping: line.receivedAt / 1_000_000)
        guard let number, seconds >= since, line.isMessageID,
            !PackedIdentity(line.id).isNone
        else { return }
        if !producerText.elementsEqual(line.producer) { setProducer(of: line) }
        records.append(
            Record(
                source: Int32(truncatingIfNeeded: number),
                producer: Int32(truncatingIfNeeded: producer),
                seconds: seconds,
                byteCount: Int32(truncatingIfNeeded: line.id.count),
                content: contentHash(line)
            )
        )
        text.append(contentsOf: line.id)
    }

    private mutating func setProducer(of line: borrowing WrittenLine) {
        producerText = Array(line.producer)
        let name = line.producerName
        if let known = producers.firstIndex(of: name) {
            producer = known
        } else {
            producer = producers.count
            producers.append(name)
        }
    }

    /// Removes all but the first so many.
    mutating func cut(to count: Int) {
        text.removeLast(records[count...].reduce(0) { $0 + Int($1.byteCount) })
        records.removeLast(records.count - count)
    }

    func each(_ visit: (KnownIdentity) -> Void) {
        text.withUnsafeBytes { text in
            var at = 0
            for record in records {
                let end = at + Int(record.byteCount)
                let id = UnsafeRawBufferPointer(rebasing: text[at..<end])
                visit(
                    KnownIdentity(
                        source: Int(record.source),
                        producer: producers[Int(record.producer)],
                        seconds: record.seconds,
                        identity: PackedIdentity(id),
                        content: record.content
                    )
                )
                at = end
            }
        }
    }
}
