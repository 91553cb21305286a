import Events
import Intake

extension NoteWork {
    /// What becomes of all events of a message, whatever they are.
    enum Fate {
        /// Each gets a verdict of its own.
        case filed
        /// The person they are about has asked that nothing is kept.
        case declined
        /// Their key is not known: they are kept in quarantine.
        case unknownKey

        /// What is known before the payload is read.
        init(_ note: UnsafeRawBufferPointer) {
            if !RequestNote.has(.hasFate, in: note) {
                self = .filed
            } else {
                self = RequestNote.has(.isDeclined, in: note) ? .declined : .unknownKey
            }
        }
    }
}

/// Messages whose events all have one fate.
extension FilingStage {
    /// Whether quarantine can keep a message that belongs there; if not, it has been answered.
    mutating func hasRoom(for record: IntakeRecord) -> Bool {
        guard notes.fate == .unknownKey,
            filer.isQuarantineFull(of: notes.producer ?? Int(record.producer))
        else { return true }
        filer.putOff(record)
        return false
    }

    /// Decides on all pieces of the burst by the fate of their message.
    ///
    /// The events stay as they were sent.
    @inline(never)
    mutating func decideAll() {
        for at in 0..<burst.count {
            switch notes.fate {
            case .filed: break
            case .declined: burst.verdicts[at] = .declined
            case .unknownKey:
                if burst.view(at: at).rejection == nil {
                    burst.judge(.quarantine(.unknownKey), at: at)
                }
            }
        }
    }
}

extension IntakeRecord {
    /// Whether nothing of it is to be kept.
    var isDeclined: Bool { RequestNote.has(.isDeclined, in: note) }

    /// Whether nothing is to be kept that tells who sent it.
    fileprivate var isAnonymous: Bool { RequestNote.has(.isAnonymous, in: note) }
}

extension FilingConfiguration.Source {
    /// The name of a message's sender; nil if the source has no names.
    func peer(of record: borrowing IntakeRecord) -> String? {
        record.isAnonymous ? "http://anonymous" : peers?.name(of: record.peer)
    }
}
