import Events
import Intake

/// Messages with notes of their source.
extension FilingStage {
    mutating func beginReading(_ record: IntakeRecord) {
        notes.begin(hasNote: !record.note.isEmpty)
        notes.profiles.eventIndex = 0
        reader.begin(
            record.payload,
            source: record.source,
            isDeflated: record.isDeflated,
            list: record.list
        )
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

    /// Keeps only a part of a message that cannot be inflated and has keys, without them: nobody can
    /// take them out of the rest.
    func coverPart(_ place: Int, of record: IntakeRecord) {
        guard RequestNote.has(.hidesKeys, in: record.note), let part = reader.inflatedPart,
            let covered = filer.covers[record.source]?.covered(part: part, of: record.payload)
        else { return }
        burst.views[place].bytes = covered
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
            let note = RequestNote(own.note)
            notes.apply(note, to: burst, at: at, source: record.source)
            if !note.places.isEmpty { identify(note, at: at, isJoined: isJoined) }
        }
        if !isJoined { notes.profiles.eventIndex += burst.count }
    }

    /// Finds what a note says where to look for in an event.
    private mutating func identify(_ note: RequestNote, at place: Int, isJoined: Bool) {
        burst.notePlaces(place)
        let event = PlacedEvent(
            places: EventPlaces(note.places),
            slot: place,
            index: isJoined ? 0 : notes.profiles.eventIndex + place
        )
        if let identity = notes.profiles.resolve(event, &burst.views[place]) {
            burst.identify(identity, at: place)
        }
    }
}
