package import Compression

/// Feeds `input` to the encoder with one flush, through outputs of `outputBytes`.
package func encode(
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

/// Compresses `text` into a gzip member, as a producer compresses a message.
package func gzipped(_ text: String) throws -> [UInt8] {
    var encoder = try GzipEncoder(engine: .zlib, level: 9, among: 1)
    return encode(Array(text.utf8)[...], flush: .finish, with: &encoder)
}
