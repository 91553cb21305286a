/// The size of quarantine, and whether it accepts more; in `status`.
package struct QuarantineStatus: Codable, Sendable, Equatable {
    /// `open` or `full`.
    package var state: String
    /// Why it is full.
    package var why: String?
    /// Bytes of its files, and their limit; 0 is no limit.
    package var bytes: Int
    package var maxBytes: Int
    /// How long a sealed file is stored; 0 is without limit.
    package var maxAgeSeconds: Int
    /// Messages that were answered `unavailable` because it was full, in this run.
    package var refusedMessages: Int
    /// Files that were removed for their age, in this run.
    package var removedFiles: Int

    package init(
        state: String = "open",
        why: String? = nil,
        bytes: Int = 0,
        maxBytes: Int = 0,
        maxAgeSeconds: Int = 0,
        refusedMessages: Int = 0,
        removedFiles: Int = 0
    ) {
        self.state = state
        self.why = why
        self.bytes = bytes
        self.maxBytes = maxBytes
        self.maxAgeSeconds = maxAgeSeconds
        self.refusedMessages = refusedMessages
        self.removedFiles = removedFiles
    }
}

extension QuarantineStatus {
    /// The figures of the folder quarantine/.
    package static let figures: [Figure<QuarantineStatus>] = [
        Figure(
            "bytes",
            \.bytes,
            metric: "touchpoint_quarantine_bytes",
            help: "Bytes in quarantine."
        ),
        Figure(
            "maxBytes",
            \.maxBytes,
            metric: "touchpoint_quarantine_max_bytes",
            help: "Bytes that quarantine may have; 0 is no limit."
        ),
        Figure(
            "refusedMessages",
            \.refusedMessages,
            metric: "touchpoint_quarantine_refused_messages_total",
            help: "Messages answered unavailable because quarantine was full."
        ),
        Figure(
            "removedFiles",
            \.removedFiles,
            metric: "touchpoint_quarantine_removed_files_total",
            help: "Files of quarantine that were removed for their age."
        ),
    ]
}
