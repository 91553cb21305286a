package import Compression
import Dedup
import Disk

extension SegmentStore {
    /// How a writer names, fills and seals its segments.
    package struct Configuration: Sendable {
        package var node: String
        package var run: String
        /// Microseconds since 1970; file names have no earlier time, even if the clock is set back:
        /// ``Leftovers`` relies on it.
        package var startedAt: Int64 = 0
        /// The writer's number, in file names.
        package var writer: Int
        package var sources: [String]
        /// Numbers of the sources whose ids are written beside the segments.
        package var deduplicated: [Int] = []
        /// The check of the key by which their events' contents are hashed.
        package var contentCheck: UInt64 = 0
        package var engine: Engine
        package var level: Int
        /// The most open segments, at least 1.
        package var openMax: Int
        /// Compressed bytes after which a segment is sealed.
        package var segmentBytesMax: Int
        package var ageMax: Duration
        package var idleMax: Duration
        /// Sealed files of one batch that keep their descriptors until the committer has them.
        package var sealsMax: Int
        /// The most raw bytes of a segment that wait for compression, except for one long line.
        ///
        /// Memory is used only as far as lines have reached.
        package var pendingBytes = 32 << 10
        /// The quota of quarantine, shared by all writers.
        package var quota = QuarantineQuota()

        /// The default of ``sealsMax``.
        package static let sealsMaxDefault = 1_024

        package init(
            node: String,
            run: String,
            writer: Int,
            sources: [String],
            engine: Engine,
            level: Int,
            openMax: Int = 256,
            segmentBytesMax: Int = 64 << 20,
            ageMax: Duration = .seconds(300),
            idleMax: Duration = .seconds(60),
            sealsMax: Int = sealsMaxDefault
        ) {
            self.node = node
            self.run = run
            self.writer = writer
            self.sources = sources
            self.engine = engine
            self.level = level
            self.openMax = openMax
            self.segmentBytesMax = segmentBytesMax
            self.ageMax = ageMax
            self.idleMax = idleMax
            self.sealsMax = sealsMax
        }
    }

    /// What a store asks of its writer, on the writer's thread.
    struct Calls {
        /// Called with the error when the disk is full; returns true after waiting, to try again.
        let waitForRoom: (FileSystemError) -> Bool
        /// Called during long compression, writes and syncs: the caller is at work.
        let onProgress: () -> Void
        /// Called with the error for a partition's folder that cannot be entered, and its
        /// substitute.
        let onObstacle: (FileSystemError, String) -> Void
        /// Returns the last batch that is durable.
        let durable: () -> CommitNumber
        /// Called before the files together grow by another mebibyte.
        let onGrowth: () -> Void
        /// Whether the process must exit at once.
        let shouldLeave: () -> Bool
    }

    /// The time as the writer last set it.
    struct Clock {
        /// Monotonic nanoseconds.
        var now: Int64 = 0
        /// Microseconds since 1970 UTC.
        var wall: Int64 = 0
    }
}
