import Archive
import Compression

/// Checks a data folder against the ledger of what was written and acknowledged.
///
/// Caches the files it has read, because most are unchanged at the next crash point.
final class FolderOracle {
    /// A file with a flipped bit: events of its folder may be missing if its bytes are set aside.
    struct Rot {
        var folder: String
        var bytes: [UInt8]
    }

    private let ledger: EventLedger
    private let reader: OracleReader
    /// By place: the number of the last check in which a manifest line named it.
    private var named: [Int] = []
    private var look = 0
    /// By event: the place where the current check found it.
    private var found: [Int?] = []

    init(_ ledger: EventLedger) {
        self.ledger = ledger
        reader = OracleReader(ledger)
    }

    // MARK: - Visible files

    /// Checks what readers rely on at any moment, without recovery: every visible file is complete,
    /// and every manifest line has its file.
    func complaintAboutVisible(_ state: DiskState) -> String? {
        let places = state.paths.places
        for place in state.filePlaces where places[place].kind == .sealed {
            guard let bytes = state.bytes(at: place) else { continue }
            let complaint = reader.content(of: place, at: places[place].path, bytes: bytes)
                .complaint
            if let complaint { return "visible: \(complaint)" }
        }
        return complaintAboutEntries(state).map { "visible: \($0)" }
    }

    /// Records the places of all entries in ``named``.
    private func complaintAboutEntries(_ state: DiskState) -> String? {
        look += 1
        for manifest in state.filePlaces where state.paths.places[manifest].isManifest {
            guard let bytes = state.bytes(at: manifest) else { continue }
            for line in reader.lines(of: manifest, in: bytes, paths: state.paths) {
                if let complaint = complaint(about: line, state) { return complaint }
            }
        }
        return nil
    }

    private func complaint(about line: OracleReader.Line, _ state: DiskState) -> String? {
        let entry = line.entry
        let place = line.place
        while named.count <= place { named.append(0) }
        if named[place] == look { return "two lines for \(entry.path), one \(entry.reason)" }
        named[place] = look
        guard let bytes = state.bytes(at: place) else { return "a line without \(entry.path)" }
        let content = reader.content(of: place, at: entry.path, bytes: bytes)
        let isRight =
            entry.events == content.events.count && entry.rawBytes == content.rawBytes
            && entry.compressedBytes == bytes.count && entry.crc32 == content.crc32
        return isRight ? nil : "the line of \(entry.path) says something else"
    }

    // MARK: - After recovery

    /// Checks what must hold after recovery.
    ///
    /// - `mayBeDamaged`: whether setting aside a file at a place is no false alarm.
    func complaint(
        _ state: DiskState,
        rot: Rot?,
        mayBeDamaged: (Int) -> Bool
    ) -> String? {
        if let complaint = complaintAboutVisible(state) { return complaint }
        found = Array(repeating: nil, count: ledger.written)
        var isRotKept = false
        let places = state.paths.places
        for place in state.filePlaces {
            guard let bytes = state.bytes(at: place) else { continue }
            let path = places[place].path
            switch places[place].kind {
            case .open, .recovering, .repaired: return "\(path) was left"
            case .damaged:
                if let rot, rot.bytes == bytes { isRotKept = true }
                if !mayBeDamaged(place) { return "false alarm: \(path)" }
            case .sealed:
                if place >= named.count || named[place] != look {
                    return "\(path) has no manifest line"
                }
                for event in reader.content(of: place, at: path, bytes: bytes).events {
                    if let other = found[event] {
                        return "event \(event) is in \(places[other].path) and in \(path)"
                    }
                    found[event] = place
                }
            case nil: continue
            }
        }
        return complaintAboutMissing(isRotKept ? rot : nil)
    }

    /// Whether an event may have been in a folder: its own, or the one for what its own refuses.
    private func mayHold(_ folder: String, _ event: Int) -> Bool {
        folder.hasPrefix(ledger.folders[event])
            || folder.split(separator: "/").contains { $0.hasSuffix(SegmentFormat.blockedValue) }
    }

    private func complaintAboutMissing(_ rot: Rot?) -> String? {
        for event in 0..<ledger.written where ledger.isAcknowledged[event] {
            if found[event] != nil { continue }
            if let rot, mayHold(rot.folder, event) { continue }
            return "acknowledged event \(event) of \(ledger.folders[event]) is gone"
        }
        return nil
    }
}
