import FoundationEssentials

@testable import Archive
@testable import Configuration
@testable import Control

/// A configuration file: it is read or reported, and reads back as it was printed.
enum ConfigurationTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        let environment = ["NAME": "c1", "EMPTY": ""]
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(ConfigurationError) {
            let settings = try SettingsReader.read(
                yaml: text,
                file: "f",
                environment: environment
            )
            let again = try SettingsReader.read(yaml: settings.yaml(), file: "p", environment: [:])
            guard again == settings else { violated("it reads back as another") }
        } catch {
            let isToldRight = error.problems.allSatisfy { $0.file == "f" && !$0.message.isEmpty }
            guard isToldRight, !error.problems.isEmpty else { violated("problems: \(error)") }
        }
    }
}

/// What a client writes to the control socket.
enum ControlTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = InputReader(bytes)
        let lineBytesMax = [1 << 16, 16][Int(input.byte() & 1)]
        let size = 1 + Int(input.byte())
        let stream = input.all()
        let whole = lines(stream, size: max(1, stream.count), lineBytesMax)
        let parts = lines(stream, size: size, lineBytesMax)
        guard whole == parts else { violated("the pieces matter") }
        for case .line(let line) in whole {
            guard line.count <= lineBytesMax, !line.contains(0x0A) else { violated("no line") }
            parse(line)
        }
    }

    private static func lines(
        _ stream: [UInt8],
        size: Int,
        _ lineBytesMax: Int
    ) -> [LineFramer.Piece] {
        var framer = LineFramer(lineBytesMax: lineBytesMax)
        var found: [LineFramer.Piece] = []
        var at = 0
        while at < stream.count {
            let end = min(stream.count, at + size)
            found += framer.append(stream[at..<end])
            at = end
        }
        return framer.finish().map { found + [$0] } ?? found
    }

    private static func parse(_ line: [UInt8]) {
        do throws(ControlError) {
            switch try Request.parse(line) {
            case .once(let verb, let arguments):
                guard VerbTable.verb(named: verb.name) != nil, arguments.count <= 1 else {
                    violated("\(verb.name) with \(arguments.count) arguments")
                }
            case .follow(let interval):
                guard try FollowInterval.parse(interval.text) == interval else {
                    violated("an interval that is written as another")
                }
            case nil: break
            }
        } catch {
            // What a client wrote is in the message, and may steer no terminal.
            let isPlain = error.message.unicodeScalars.allSatisfy {
                $0.properties.generalCategory != .control
            }
            guard isPlain, !error.message.isEmpty else { violated("the error: \(error.message)") }
        }
    }
}

/// A line of a manifest, which a crash may have torn.
enum ManifestTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        var scanner = ManifestLineScanner(bytes)
        let scanned = scanner.entry()
        if let scanned {
            let decoded = try? JSONDecoder().decode(ManifestEntry.self, from: Data(bytes))
            guard decoded == scanned else { violated("the two readers differ") }
        }
        guard let entry = ManifestLine.entry(bytes) else { return }
        let line = ManifestLine.bytes(entry)
        guard line.last == 0x0A, !line.dropLast().contains(0x0A) else { violated("no line") }
        guard ManifestLine.entry(Array(line.dropLast())) == entry else {
            violated("it reads back as another")
        }
    }
}
