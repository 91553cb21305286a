/// A line of a manifest that describes a sealed file.
package struct ManifestEntry: Codable, Equatable, Sendable {
    /// Why a segment was sealed.
    package enum Reason: String, Codable, Sendable, CaseIterable {
        /// `segment.maxBytes` reached.
        case size
        /// `segment.maxAge` reached.
        case age
        /// No event arrived for `segment.idle`.
        case idle
        /// Its hour (or day) is over.
        case hour
        /// `partition.maxOpen` reached, and this was the least recently used.
        case limit
        /// The daemon drained, or an operator said `seal`.
        case drain
        /// Found open after a crash.
        case recovered
    }

    /// The part of a source's sequence that is in the file.
    package struct Sequence: Codable, Equatable, Sendable {
        package var source: String
        package var run: String
        /// Events of this source and run in the file.
        package var events: Int
        /// The lowest and highest sequence number; other partitions' files have some between.
        package var first: UInt64
        package var last: UInt64

        package init(source: String, run: String, events: Int, first: UInt64, last: UInt64) {
            self.source = source
            self.run = run
            self.events = events
            self.first = first
            self.last = last
        }
    }

    /// A place where reading can restart, because a full flush ends there.
    ///
    /// The data between two checkpoints can be checked on its own.
    package struct Checkpoint: Codable, Equatable, Sendable {
        /// Bytes of the file before it.
        package var bytes: Int
        /// CRC-32 of all raw bytes before it, 8 hexadecimal digits.
        package var crc32: String
        /// Raw bytes before it.
        package var rawBytes: Int

        package init(bytes: Int, crc32: String, rawBytes: Int) {
            self.bytes = bytes
            self.crc32 = crc32
            self.rawBytes = rawBytes
        }
    }

    /// The version of this format; 1.
    package var version: Int
    /// The path below the data folder.
    package var path: String
    package var node: String
    package var run: String
    package var reason: Reason
    package var events: Int
    package var rawBytes: Int
    package var compressedBytes: Int
    /// CRC-32 of the raw bytes, as in the gzip trailer, 8 hexadecimal digits.
    package var crc32: String
    /// SHA-256 of the file, 64 hexadecimal digits.
    package var sha256: String
    package var firstReceivedAt: String?
    package var lastReceivedAt: String?
    package var firstEventTime: String?
    package var lastEventTime: String?
    package var sequences: [Sequence]
    package var sealedAt: String
    /// In order; nil if there is none, as in files below 1 MiB of raw bytes.
    package var checkpoints: [Checkpoint]?

    package init(
        path: String,
        node: String,
        run: String,
        reason: Reason,
        events: Int,
        rawBytes: Int,
        compressedBytes: Int,
        crc32: String,
        sha256: String,
        firstReceivedAt: String?,
        lastReceivedAt: String?,
        firstEventTime: String?,
        lastEventTime: String?,
        sequences: [Sequence],
        sealedAt: String,
        checkpoints: [Checkpoint] = []
    ) {
        version = 1
        self.path = path
        self.node = node
        self.run = run
        self.reason = reason
        self.events = events
        self.rawBytes = rawBytes
        self.compressedBytes = compressedBytes
        self.crc32 = crc32
        self.sha256 = sha256
        self.firstReceivedAt = firstReceivedAt
        self.lastReceivedAt = lastReceivedAt
        self.firstEventTime = firstEventTime
        self.lastEventTime = lastEventTime
        self.sequences = sequences
        self.sealedAt = sealedAt
        self.checkpoints = checkpoints.isEmpty ? nil : checkpoints
    }
}
