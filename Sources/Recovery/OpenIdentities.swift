package import Archive
import Dedup
package import Disk
package import Events

/// The ids of what recovery will keep of an open segment, taken while it is scanned: so that sources
/// that wait for ids need not wait until it is sealed.
///
/// None of these events need be durable yet: who answers for one has to wait until ``FolderRecovery`` has
/// settled the segment by the same ``scan``.
package struct OpenIdentities: Sendable {
    /// What recovery is to go by; nil where the sealed file stands beside the open one already.
    package private(set) var scan: OpenSegmentScan?
    private var records = IdentityRecords()

    package var count: Int { records.count }

    /// Scans an open segment.
    ///
    /// - `sources`: numbers of those with `dedup` on, by name.
    /// - `since`: seconds since 1970 UTC; what was received before is left out.
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
            // Recovery stopped behind its rename: the open one holds the same, or less.
            try SegmentReader.eachReadable(of: sealed, in: fileSystem) { (line, _) in
                records.add(line, sources, since, contentHash)
            }
        } else {
            var kept = 0
            let scan = try OpenSegmentScan.scan(
                path,
                in: fileSystem,
                onEvent: { (line, _) in records.add(line, sources, since, contentHash) },
                onKeep: { kept = records.count }
            )
            if case .finished = scan.verdict {} else { records.cut(to: kept) }
            self.scan = scan
        }
        self.records = records
    }

    /// Shows every id.
    package func each(_ visit: (KnownIdentity) -> Void) { records.each(visit) }
}

/// Ids on their way from one thread to another.
private struct IdentityRecords: Sendable {
    private struct Record {
        var source: Int32
        var seconds: UInt32
        var byteCount: Int32
        var content: UInt64
    }

    private var records: [Record] = []
    private var text: [UInt8] = []
    /// The source of the line before.
    private var name: [UInt8] = []
    private var number: Int?

    var count: Int { records.count }

    mutating func add(
        _ line: borrowing WrittenLine,
        _ sources: [String: Int],
        _ since: UInt32,
        _ contentHash: ContentHash
    ) {
        if !name.elementsEqual(line.source) {
            name = Array(line.source)
            number = sources[String(decoding: name, as: UTF8.self)]
        }
        let seconds = UInt32(clamping: line.receivedAt / 1_000_000)
        guard let number, seconds >= since, line.isMessageID,
            !PackedIdentity(line.id).isNone
        else { return }
        records.append(
            Record(
                source: Int32(truncatingIfNeeded: number),
                seconds: seconds,
                byteCount: Int32(truncatingIfNeeded: line.id.count),
                content: contentHash(line)
            )
        )
        text.append(contentsOf: line.id)
    }

    /// Forgets all but the first so many.
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
