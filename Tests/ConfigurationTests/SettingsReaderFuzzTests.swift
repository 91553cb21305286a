import Testing

@testable import Configuration

@Suite struct SettingsReaderFuzzTests {
    /// A reader of hand-written files must accept any input; it may complain, and never trap.
    @Test(arguments: [UInt64.random(in: 1...UInt64.max), 1, 2, 3])
    func anyDamageToAFileIsReadOrReported(seed: UInt64) {
        var random = SeededRandom(state: seed)
        for _ in 0..<150 {
            let yaml = damaged(Samples.contract, &random)
            do throws(ConfigurationError) {
                let settings = try SettingsReader.read(yaml: yaml, file: "f", environment: [:])
                let again = try SettingsReader.read(
                    yaml: settings.yaml(),
                    file: "p",
                    environment: [:]
                )
                #expect(again == settings, "seed \(seed):\n\(yaml)")
            } catch {
                #expect(
                    error.problems.allSatisfy { $0.file == "f" && !$0.message.isEmpty },
                    "seed \(seed):\n\(yaml)\n\(error)"
                )
            }
        }
    }

    private func damaged(_ text: String, _ random: inout SeededRandom) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let position = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: position)
            case 2: bytes.insert(marks.randomElement(using: &random) ?? 0x20, at: position)
            default: bytes.replaceSubrange(position..<min(position + 8, bytes.count), with: marks)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes with a meaning in YAML, and in references.
    private let marks = Array("[]{}:,#&*!|>'\"%@`-? \n\t$~<\\0".utf8)
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed.
private struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
