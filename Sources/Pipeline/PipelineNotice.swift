package import Disk
package import Intake
package import Storage

/// What a pipeline has to tell an operator.
///
/// The threads of the path do not log; whoever owns the pipeline turns these into log lines.
package enum PipelineNotice: Sendable {
    case sealed(SealedFile)
    /// A commit is durable.
    case committed(writer: Int, events: Int, files: Int, microseconds: Int)
    /// Intake stopped, and why; or it goes on (nil).
    case storage(String?)
    /// The disk failed a segment: it is written anew, and nothing since is acknowledged before.
    case segmentFailed(FileSystemError)
    /// Segments that the disk had failed stand in new files, by sealed path.
    case segmentsMoved([String])
    /// A partition's folder cannot be entered: its events go to another one, below `__blocked__`.
    case folderBlocked(FileSystemError, instead: String)
    /// A source's transport failed; it takes in nothing more.
    case sourceFailed(source: String, reason: String)
    /// What a peer of a source did, or what became of it.
    case peer(source: String, PeerNotice)
    /// A peer sends what goes to quarantine.
    case rejected(source: String, peer: String, reason: String)
    case ledgerMismatch(writer: Int)
}
