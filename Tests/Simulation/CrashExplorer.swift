import Archive
import Glibc
import TestSupport

/// Runs one collector's life from a seed, crashes it before every call that changes the disk, and
/// checks the recovery from each crash.
///
/// A life is one to three consecutive runs of the daemon. Each starts from what the previous crash
/// left, and recovers during intake. All choices come from the seed; each crash point has its own
/// generator, so that its result does not depend on the others.
package final class CrashExplorer {
    /// What was checked so far.
    package struct Counts: Sendable, Equatable {
        package var points = 0
        package var powerCuts = 0
        package var kills = 0
        /// Recoveries that a power cut or a kill interrupted.
        package var interruptedRecoveries = 0
        /// Recoveries in which a call failed.
        package var faultyRecoveries = 0
        /// Runs of the daemon in which an error occurred.
        package var faultyRuns = 0
        /// Crash points at which a bit of an open file was flipped too.
        package var flippedBits = 0
        /// Files set aside although only unacknowledged bytes were lost.
        package var alarms = 0
        package var written = 0
        package var acknowledged = 0

        package init() {}

        package mutating func add(_ other: Counts) {
            points += other.points
            powerCuts += other.powerCuts
            kills += other.kills
            interruptedRecoveries += other.interruptedRecoveries
            faultyRecoveries += other.faultyRecoveries
            faultyRuns += other.faultyRuns
            flippedBits += other.flippedBits
            alarms += other.alarms
            written += other.written
            acknowledged += other.acknowledged
        }
    }

    static let codes: [Int32] = [
        EIO, ENOSPC, EDQUOT, EROFS, EACCES, EMFILE, ENFILE, ENOMEM, EINTR,
    ]
    /// 2026-11-22T09:59:50Z, so that the hour changes.
    private static let begin: Int64 = 1_795_341_590_000_000

    private let seed: UInt64
    private let weakening: Weakening?
    private var disk: SimulatedDisk
    private let ledger = EventLedger()
    private let oracle: FolderOracle
    private var random: SeededGenerator
    private var isExploring = false
    /// The sealed places of open segments that a crash between two runs may have torn.
    private var doubtful: Set<Int> = []
    /// Whether an error made the disk lose bytes that it had accepted.
    private var hasDroppedPages = false
    package private(set) var counts = Counts()
    /// The first violation, and its point; the exploration ends there.
    package private(set) var violation: String?

    package init(seed: UInt64, weakening: Weakening? = nil) {
        self.seed = seed
        self.weakening = weakening
        disk = SimulatedDisk(weakening: weakening?.isOfRecovery == true ? nil : weakening)
        oracle = FolderOracle(ledger)
        random = SeededGenerator(seed: seed)
    }

    package func run() {
        var wall = Self.begin
        for _ in 0..<Int.random(in: 1...3, using: &random) where violation == nil {
            wall = live(from: wall) + 1_000_000
            let state = disk.state
            let cut = PowerCut.random(&random)
            let isKill = Bool.random(using: &random)
            if !isKill { doubtful.formUnion(state.unsyncedSegments) }
            let after = isKill ? state : state.afterPowerCut(cut, using: &random)
            disk = SimulatedDisk(after, weakening: disk.weakening)
        }
        counts.written = ledger.written
        counts.acknowledged = ledger.acknowledged
    }

    /// Runs the daemon until its crash; returns the time of the crash.
    private func live(from startedAt: Int64) -> Int64 {
        if Int.random(in: 0..<3, using: &random) == 0 {
            disk.fault = SimulatedDisk.Fault(
                call: .random(in: 0..<150, using: &random),
                code: Self.codes.randomElement(using: &random) ?? EIO,
                isForEver: Bool.random(using: &random),
                taken: .random(in: 0..<200, using: &random)
            )
        }
        let collector = SimulatedCollector(
            disk,
            ledger: ledger,
            startedAt: startedAt,
            seed: random.next(),
            weakening: weakening
        )
        var isRecovering = false
        var isStepping = false
        disk.beforeChange = { [unowned self] path in
            explore(at: collector.wall)
            // A single thread cannot wait for the manifest's lock, which recovery then holds.
            let isManifest = path.isEmpty || path.hasPrefix(SegmentFormat.manifest)
            guard isRecovering, !isStepping, !isManifest else { return }
            isStepping = true
            collector.step()
            isStepping = false
        }
        let leftovers = collector.start(at: startedAt)
        isRecovering = true
        collector.recover(leftovers, startedAt: startedAt)
        isRecovering = false
        for _ in 0..<Int.random(in: 3...10, using: &random) where violation == nil {
            collector.step()
        }
        explore(at: collector.wall)
        disk.beforeChange = nil
        if disk.hasFailed {
            counts.faultyRuns += 1
            hasDroppedPages = true
        }
        return collector.wall
    }

    // MARK: - A crash point

    /// Crashes here, recovers, and checks.
    private func explore(at wall: Int64) {
        guard violation == nil, !isExploring else { return }
        isExploring = true
        defer { isExploring = false }
        counts.points += 1
        var point = CrashPoint(
            state: disk.state,
            wall: wall + 60_000_000,
            weakening: weakening,
            doubtful: doubtful,
            isAnyDoubtful: hasDroppedPages || disk.hasFailed,
            random: SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(counts.points))
        )
        if let complaint = point.check(oracle, &counts) {
            violation =
                "point \(counts.points): \(complaint) (\(point.story.joined(separator: ", ")))"
        }
    }
}

extension PowerCut {
    static func random(_ random: inout SeededGenerator) -> PowerCut {
        PowerCut(
            names: Names.allCases.randomElement(using: &random) ?? .none,
            sectors: Sectors.allCases.randomElement(using: &random) ?? .none
        )
    }
}
