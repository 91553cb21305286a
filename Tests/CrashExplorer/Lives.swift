import Simulation

/// Lives of a collector by seed, one after another, until enough crash points were checked or a
/// violation was found.
struct Lives: Sendable {
    /// What was checked, the last life included.
    var counts = CrashExplorer.Counts()
    /// The seed of the last life.
    var last: UInt64
    /// The violation found in it.
    var violation: String?

    /// - `progress`: called after each life with what was checked so far, and the next seed.
    static func explore(
        points: Int,
        from seed: UInt64,
        jobs: Int,
        weakening: Weakening? = nil,
        progress: (CrashExplorer.Counts, UInt64) -> Void = { _, _ in }
    ) -> Lives {
        var lives = Lives(last: seed)
        let queue = SeedQueue(from: seed) { seed in
            let explorer = CrashExplorer(seed: seed, weakening: weakening)
            explorer.run()
            return Lives(counts: explorer.counts, last: seed, violation: explorer.violation)
        }
        queue.run(jobs: jobs) { seed, life in
            lives.counts.add(life.counts)
            (lives.last, lives.violation) = (seed, life.violation)
            progress(lives.counts, seed + 1)
            return lives.violation == nil && lives.counts.points < points
        }
        return lives
    }
}
