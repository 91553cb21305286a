import Archive
import Disk
import Inspection
import Recovery
import TestSupport

/// One crash: the state of the disk after it, recovered in one or several attempts, and checked.
struct CrashPoint {
    var state: DiskState
    /// The time of the recovery, in microseconds since 1970.
    let wall: Int64
    let weakening: Weakening?
    /// The sealed places of open segments that a power cut may have torn: setting them aside is no
    /// false alarm.
    var doubtful: Set<Int>
    /// Whether an error may have torn any segment.
    let isAnyDoubtful: Bool
    var random: SeededGenerator
    /// The steps so far, for the report of a failure.
    private(set) var story: [String] = []
    private var rot: FolderOracle.Rot?

    init(
        state: DiskState,
        wall: Int64,
        weakening: Weakening?,
        doubtful: Set<Int>,
        isAnyDoubtful: Bool,
        random: SeededGenerator
    ) {
        self.state = state
        self.wall = wall
        self.weakening = weakening
        self.doubtful = doubtful
        self.isAnyDoubtful = isAnyDoubtful
        self.random = random
    }

    /// Returns the first violation, or nil.
    mutating func check(
        _ oracle: FolderOracle,
        _ counts: inout CrashExplorer.Counts
    ) -> String? {
        crash(&counts)
        flipBit(&counts)
        let known = keptAside
        if rot == nil, let complaint = oracle.complaintAboutVisible(state) { return complaint }
        for _ in 0..<max(0, Int.random(in: -2...2, using: &random)) { attempt(&counts) }
        for isLast in [false, true] {
            let disk = disk()
            do throws(FileSystemError) {
                let report = try SimulatedRecovery.run(disk, at: wall, weakening)
                for file in report.files {
                    if case .damaged = file.outcome { story.append(file.reason) }
                }
            } catch {
                return "recovery failed: \(error)"
            }
            state = disk.state
            if disk.openFiles > 0 { return "recovery left \(disk.openFiles) files open" }
            if isLast || Int.random(in: 0..<4, using: &random) > 0 { break }
            story.append("power cut after recovery")
            cutPower(.random(&random))
        }
        let complaint = oracle.complaint(
            state,
            rot: rot,
            mayBeDamaged: { isAnyDoubtful || rot != nil || known.contains($0) || isDoubtful($0) }
        )
        if rot == nil { counts.alarms += keptAside.count { !known.contains($0) } }
        return complaint ?? complaintAboutRest()
    }

    /// The places of files that a recovery has set aside.
    private var keptAside: [Int] {
        state.filePlaces.filter { state.paths.places[$0].kind == .damaged }
    }

    /// Whether a file set aside comes from a doubtful open segment.
    private func isDoubtful(_ aside: Int) -> Bool {
        state.paths.places[aside].sealed.map(doubtful.contains) ?? false
    }

    private func disk() -> SimulatedDisk {
        SimulatedDisk(state, weakening: weakening == .manifestBeforeRename ? nil : weakening)
    }

    private mutating func crash(_ counts: inout CrashExplorer.Counts) {
        if Int.random(in: 0..<8, using: &random) == 0 {
            counts.kills += 1
            story.append("kill")
            return
        }
        counts.powerCuts += 1
        let cut = PowerCut.random(&random)
        story.append("power cut \(cut.names) \(cut.sectors)")
        cutPower(cut)
    }

    private mutating func cutPower(_ cut: PowerCut) {
        doubtful.formUnion(state.unsyncedSegments)
        state = state.afterPowerCut(cut, using: &random)
    }

    /// Damages a sector of an open file, in one of 16 cases.
    private mutating func flipBit(_ counts: inout CrashExplorer.Counts) {
        guard Int.random(in: 0..<16, using: &random) == 0 else { return }
        let places = state.paths.places
        // Without a journal the sealed name can refer to the same bytes.
        let open = state.filePlaces.filter { place in
            guard places[place].kind == .open, let sealed = places[place].sealed else {
                return false
            }
            return state.bytes(at: place) != [] && state.bytes(at: sealed) == nil
        }
        let sorted = open.map { places[$0].path }.sorted()
        guard let path = sorted.randomElement(using: &random),
            var bytes = state.bytes(at: state.paths.place(path))
        else { return }
        let index = Int.random(in: 0..<bytes.count, using: &random)
        bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        state.replace(path, with: bytes)
        rot = FolderOracle.Rot(folder: DiskPath.split(path).folder + "/", bytes: bytes)
        counts.flippedBits += 1
        story.append("bit flipped at \(index) of \(path)")
    }

    /// Runs a recovery that is interrupted.
    private mutating func attempt(_ counts: inout CrashExplorer.Counts) {
        let disk = disk()
        if Int.random(in: 0..<3, using: &random) == 0 {
            let fault = SimulatedDisk.Fault(
                call: .random(in: 0..<80, using: &random),
                code: CrashExplorer.codes.randomElement(using: &random) ?? 5,
                isForEver: Bool.random(using: &random),
                taken: .random(in: 0..<100, using: &random)
            )
            disk.fault = fault
            _ = try? SimulatedRecovery.run(disk, at: wall, weakening)
            if disk.hasFailed { counts.faultyRecoveries += 1 }
            story.append("recovery with error \(fault.code) at call \(fault.call)")
        } else {
            disk.changesLeft = Int.random(in: 0..<40, using: &random)
            story.append("recovery stopped after \(disk.changesLeft) changes")
            _ = try? SimulatedRecovery.run(disk, at: wall, weakening)
            if disk.changesLeft <= 0 { counts.interruptedRecoveries += 1 }
        }
        state = disk.state
        if Bool.random(using: &random) {
            let cut = PowerCut.random(&random)
            story.append("power cut \(cut.names) \(cut.sectors)")
            cutPower(cut)
        }
    }

    /// Checks occasionally, because it is slow, that a further recovery changes nothing, and that
    /// verify finds nothing.
    private mutating func complaintAboutRest() -> String? {
        if Int.random(in: 0..<8, using: &random) == 0 {
            let disk = disk()
            _ = try? SimulatedRecovery.run(disk, at: wall + 1, weakening)
            if !disk.state.hasSameFiles(as: state) { return "a further recovery changes something" }
        }
        if Int.random(in: 0..<16, using: &random) == 0 {
            let report = try? Verify.run(disk())
            let findings = report?.findings.filter { $0.kind != .keptAside }
            if let findings, let first = findings.first {
                return "verify: \(first.kind) \(first.path): \(first.detail)"
            }
            if findings == nil { return "verify could not read the folder" }
        }
        return nil
    }
}

extension DiskState {
    /// The sealed places of open segments with unsynced bytes, even if the name is removed in
    /// memory but not on the disk, or refers to another file since.
    var unsyncedSegments: Set<Int> {
        var sealed: Set<Int> = []
        func note(_ place: Int, _ node: Node) {
            guard let number = node.file, paths.places[place].kind == .open,
                !files[number].pending.isEmpty
            else { return }
            if let place = paths.places[place].sealed { sealed.insert(place) }
        }
        for place in names.indices { note(place, names[place]) }
        for place in durableNames.indices { note(place, durableNames[place]) }
        for change in pendingNames { if let added = change.added { note(added.place, added.node) } }
        return sealed
    }

    /// Replaces a file's bytes, durable at once.
    mutating func replace(_ path: String, with bytes: [UInt8]) {
        guard let number = node(path).file else { return }
        files[number] = File(bytes)
    }
}
