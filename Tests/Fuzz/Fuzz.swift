import Glibc

/// The program behind `make fuzz`: libFuzzer, with the target that FUZZ_TARGET names.
///
/// Arguments are libFuzzer's: folders of inputs, `-max_total_time=60`, or one input to run again. A
/// target that finds a fault ends the process; libFuzzer then writes the input to a file.
@main
enum Fuzz {
    /// Each reads the bytes of an input, which are in a piece of memory of exactly their length.
    static let targets: [(name: String, run: @Sendable (UnsafeRawBufferPointer) -> Void)] = [
        ("handshake", HandshakeTarget.run),
        ("frames", FrameTarget.run),
        ("curve", CurveTarget.run),
        ("payload", PayloadTarget.run),
        ("configuration", ConfigurationTarget.run),
        ("control", ControlTarget.run),
        ("manifest", ManifestTarget.run),
        ("identities", IdentityTarget.run),
        ("segment", SegmentTarget.run),
        ("damage", DamageTarget.run),
    ]

    /// The one that was chosen.
    static let chosen: @Sendable (UnsafeRawBufferPointer) -> Void = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = targets.first(where: { $0.name == name }) else {
            let names = targets.map(\.name).joined(separator: " ")
            print("FUZZ_TARGET must be one of: \(names)")
            exit(64)
        }
        return target.run
    }()

    static func main() {
        if CommandLine.arguments.dropFirst() == ["--list"] {
            for target in targets { print(target.name) }
            return
        }
        _ = chosen
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
            CommandLine.unsafeArgv
        exit(
            runDriver(
                &count,
                &arguments,
                calling: { bytes, count in
                    Fuzz.chosen(UnsafeRawBufferPointer(start: bytes, count: count))
                    return 0
                }
            )
        )
    }
}

/// Ends the process because a rule does not hold; the message is printed in every build.
func violated(_ rule: String) -> Never { fatalError("violated: \(rule)") }

/// libFuzzer's loop; it calls back with every input.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    calling run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
