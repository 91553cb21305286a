package import Disk
package import Intake
package import Storage

/// A notice of a pipeline for operators.
///
/// The threads of the path do not log; the pipeline's owner turns notices into log lines.
package enum PipelineNotice: Sendable {
    case sealed(SealedFile)
    /// A commit is durable.
    case committed(writer: Int, events: Int, files: Int, microseconds: Int)
    /// Intake stopped for this reason, or resumed (nil).
    case storage(String?)
    /// The disk failed a segment; acknowledgements stop until it is replaced.
    case segmentFailed(FileSystemError)
    /// Failed segments are replaced by new files; by sealed path.
    case segmentsReplaced([String])
    /// A partition's folder cannot be entered: its events go to another one, below `__blocked__`.
    case folderBlocked(FileSystemError, instead: String)
    /// A source's transport failed; it takes in nothing more.
    case sourceFailed(source: String, reason: String)
    /// An action of a source's peer, or an action against it.
    case peer(source: String, PeerNotice)
    /// A peer sends messages that go to quarantine.
    case rejected(source: String, peer: String, reason: String)
    case ledgerMismatch(writer: Int)
}
