import Compression
import TestSupport
import Testing

/// The encoder settings that a test varies.
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

    /// The fastest and the strongest level of each engine.
    static let some: [Setting] = Engine.allCases.flatMap { engine in
        [engine.levels.lowerBound, engine.levels.upperBound].map {
            Setting(engine: engine, level: $0)
        }
    }
}

/// Compresses `input` into one complete member.
func gzip(_ input: [UInt8], _ setting: Setting) throws -> [UInt8] {
    var encoder = try setting.encoder()
    return encode(input[...], flush: .finish, with: &encoder)
}

/// Inflates as much as possible; the state is the last one returned.
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
