import Compression
import Testing

/// Everything about one encoder that a test varies.
struct Setting: Sendable, CustomTestStringConvertible {
    var engine: Engine
    var level: Int
    var streams = 1

    var testDescription: String {
        "\(engine.rawValue)-\(level)\(streams > 1 ? "-one-of-\(streams)" : "")"
    }

    static let all: [Setting] =
        Engine.allCases.flatMap { engine in
            engine.levels.map { Setting(engine: engine, level: $0) }
        } + Engine.isal.levels.map { Setting(engine: .isal, level: $0, streams: 1_000) }

    func encoder() throws -> GzipEncoder {
        try GzipEncoder(engine: engine, level: level, among: streams)
    }

    /// The fastest and the strongest of each engine.
    static let some: [Setting] = Engine.allCases.flatMap { engine in
        [engine.levels.lowerBound, engine.levels.upperBound].map {
            Setting(engine: engine, level: $0)
        }
    }
}

/// Feeds `input` to the encoder with one flush, through outputs of `outputBytes`.
func encode(
    _ input: ArraySlice<UInt8>,
    flush: Flush,
    outputBytes: Int = 4096,
    with encoder: inout GzipEncoder
) -> [UInt8] {
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: outputBytes)
    var rest = input
    while true {
        let step = rest.withUnsafeBytes { input in
            chunk.withUnsafeMutableBytes { encoder.step(input, flush: flush, into: $0) }
        }
        output += chunk[..<step.produced]
        rest = rest.dropFirst(step.consumed)
        if step.isComplete { return output }
        precondition(step.consumed > 0 || step.produced > 0, "the encoder stands still")
    }
}

/// One whole member.
func gzip(_ input: [UInt8], _ setting: Setting) throws -> [UInt8] {
    var encoder = try setting.encoder()
    return encode(input[...], flush: .finish, with: &encoder)
}

/// Inflates as far as it goes; the state is the last one seen.
func decode(
    _ input: [UInt8],
    format: GzipDecoder.Format = .gzip,
    outputBytes: Int = 65536
) -> (output: [UInt8], consumed: Int, state: GzipDecoder.State, crc32: UInt32) {
    var decoder = GzipDecoder(format: format)
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: outputBytes)
    var offset = 0
    while true {
        let result = input[offset...].withUnsafeBytes { input in
            chunk.withUnsafeMutableBytes { decoder.step(input, into: $0) }
        }
        output += chunk[..<result.produced]
        offset += result.consumed
        if result.state == .needsOutput { continue }
        return (output, offset, result.state, decoder.crc32)
    }
}

func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { crc32($0) } }
