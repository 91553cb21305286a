import Foundation

/// A random number generator that a printed seed reproduces (splitmix64).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Sample data to compress.
package enum CompressionSample: String, Sendable, CaseIterable {
    /// One byte repeated.
    case constant
    /// Lines of JSON.
    case events
    /// Incompressible bytes.
    case random

    package func bytes(count: Int, seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        switch self {
        case .constant:
            return [UInt8](repeating: 0x61, count: count)
        case .random:
            return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        case .events:
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count + 200)
            while bytes.count < count {
                let user = UInt32.random(in: 0..<5000, using: &generator)
                let page = UInt32.random(in: 0..<300, using: &generator)
                bytes += Array(
                    (#"{"type":"track","event":"Page Viewed","userId":"u\#(user)","#
                        + #""properties":{"path":"/p/\#(page)","ms":\#(generator.next() % 9999)}}"#)
                        .utf8
                )
                bytes.append(0x0a)
            }
            return Array(bytes.prefix(count))
        }
    }
}

/// The output and the exit code of a program.
package struct ProgramOutput: Sendable {
    package var exitCode: Int32
    package var standardOutput: [UInt8]
    package var standardError: String
}

/// Runs a program of the system on some input; standard input is a file, so that no pipe can fill
/// up.
package func runProgram(
    _ path: String,
    _ arguments: [String],
    input: [UInt8] = []
) throws
    -> ProgramOutput
{
    let folder = try TemporaryFolder(prefix: "touchpoint-program")
    let inputFile = folder.path + "/in"
    let outputFile = folder.path + "/out"
    let errorFile = folder.path + "/err"
    try Data(input).write(to: URL(fileURLWithPath: inputFile))
    for file in [outputFile, errorFile] { try Data().write(to: URL(fileURLWithPath: file)) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: inputFile))
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputFile))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorFile))
    try process.run()
    process.waitUntilExit()
    return ProgramOutput(
        exitCode: process.terminationStatus,
        standardOutput: Array(try Data(contentsOf: URL(fileURLWithPath: outputFile))),
        standardError: String(
            decoding: try Data(contentsOf: URL(fileURLWithPath: errorFile)),
            as: UTF8.self
        )
    )
}
