import Foundation

/// Random numbers that a printed seed reproduces: SplitMix64 (Steele, Lea, Flood 2014).
struct RingSeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// Returns and prints a new seed, or `TOUCHPOINT_TEST_SEED` to reproduce a failure.
    static func seed(for test: String) -> UInt64 {
        let asked = ProcessInfo.processInfo.environment["TOUCHPOINT_TEST_SEED"].flatMap(UInt64.init)
        let seed = asked ?? UInt64.random(in: 0...UInt64.max)
        print("\(test): TOUCHPOINT_TEST_SEED=\(seed)")
        return seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
