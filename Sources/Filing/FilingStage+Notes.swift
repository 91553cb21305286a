import Events
import Intake

/// Messages with notes of their source.
extension FilingStage {
    mutating func beginReading(_ record: IntakeRecord) {
        notes.begin(hasNote: !record.note.isEmpty)
        reader.begin(record.payload, isDeflated: record.isDeflated)
    }

    /// Looks at a message, once; returns false if it has been answered instead.
    @inline(never)
    mutating func passes(_ record: IntakeRecord) -> Bool {
        let outcome = notes.look(
            RequestNote(record.note),
            reader.text,
            rejection: burst.view(at: 0).rejection,
            of: record
        )
        switch outcome {
        case .taken(let metadata):
            if !metadata.isEmpty { filer.metadata = metadata }
            return hasRoom(for: record)
        case .empty:
            filer.end(record)
        case .refused(let reason):
            filer.decline(record, because: reason)
        }
        return false
    }

    /// Applies the notes to the events of the burst: that of their message, or of messages that are
    /// read together, one to each event.
    @inline(never)
    mutating func applyNotes(_ record: IntakeRecord, isJoined: Bool) {
        if isJoined { notes.forget() }
        if notes.fate != .filed { return decideAll() }
        notes.begin(burst)
        for at in 0..<burst.count {
            let own = isJoined ? run.records[done + at] : record
            notes.apply(RequestNote(own.note), to: burst, at: at)
        }
    }
}
