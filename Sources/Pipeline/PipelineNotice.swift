package import Segments

/// What a pipeline has to tell an operator.
///
/// The threads of the path do not log; whoever owns the pipeline turns these into log lines.
package enum PipelineNotice: Sendable {
    case sealed(SealedFile)
    /// Intake stopped, and why; or it goes on (nil).
    case storage(String?)
    case commitFailed(FileSystemError)
    /// A writer could not write on; nothing more of its rings is taken.
    case writerFailed(FileSystemError)
    /// A receiver's socket failed; its source takes in nothing more.
    case receiverFailed(source: String, reason: String)
    case ledgerMismatch(writer: Int)
}
