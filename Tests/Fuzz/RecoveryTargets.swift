import Archive
import Disk
import Events
import Inspection
import Recovery
import SegmentSupport
import Simulation
import TestSupport

/// A file of ids, with whatever in it.
enum IdentityTarget {
    private static let segment = "events/channel=web/part-c1-0-20261122T100000.000Z-0.ndjson.gz"

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = InputReader(bytes)
        let choice = input.byte()
        // Random bytes do not pass the checks, so most inputs are the bodies of blocks.
        let file = choice & 1 == 0 ? input.all() : Self.blocks(&input, choice)
        let disk = SimulatedDisk()
        let path = Layout.identityPath(forSealed: segment)
        disk.put(file, at: path)
        for contents in [IdentityFileReader.Contents.of(check: 7), .unknown] {
            read(path, in: disk, contents)
        }
    }

    private static func blocks(_ input: inout InputReader, _ choice: UInt8) -> [UInt8] {
        var file = choice & 2 == 0 ? IdentityFile.magic : IdentityFile.magicOfVersion1
        while !input.isEmpty, file.count < 1 << 16 {
            let kind = input.byte() & 3
            let body = input.bytes(Int(input.byte()))
            let count = IdentityFile.number(UInt64(body.count), 4)
            let check = IdentityFile.checksum(count: count, kind: kind, body: body[...])
            file += count + IdentityFile.number(UInt64(check), 4) + [kind] + body
        }
        return file
    }

    private static func read(
        _ path: String,
        in disk: SimulatedDisk,
        _ contents: IdentityFileReader.Contents
    ) {
        var count = 0
        do throws(FileSystemError) {
            let outcome = try IdentityFileReader.read(path, in: disk, contents: contents) { entry in
                count += 1
                if case .unknown = contents, entry.content != 0 { violated("a content is known") }
            }
            switch outcome {
            case .whole(let end, _):
                guard end.ids == count else { violated("\(count) of \(end.ids) ids") }
            case .otherKey:
                guard count == 0 else { violated("ids of another key") }
            case .damaged(let reason):
                guard !reason.isEmpty else { violated("no reason") }
            }
        } catch {
            violated("\(error)")
        }
        guard disk.openFiles == 0 else { violated("the file is left open") }
    }
}

/// An open segment of any bytes, as a start of the daemon finds it.
enum SegmentTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        let disk = SimulatedDisk()
        disk.put(Array(bytes), at: SegmentSample.openPath)
        do throws(FileSystemError) {
            _ = try OpenSegmentScan.scan(SegmentSample.openPath, in: disk, lineBytesMax: 1 << 20)
            try SegmentReader.eachCommitted(of: SegmentSample.openPath, in: disk) { _, _ in }
            _ = try SegmentSurvey.read(SegmentSample.openPath, in: disk)
        } catch {
            violated("\(error)")
        }
        Recovered.check(disk)
    }
}

/// An open segment that was written well and then damaged, as the input says.
enum DamageTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = InputReader(bytes)
        var random = SeededGenerator(seed: UInt64(input.byte()) + 1)
        let segment = WrittenSegment(using: &random)
        var file = input.byte() & 1 == 0 ? segment.bytes : segment.finished
        while !input.isEmpty {
            let at = input.number(below: file.count + 1)
            switch input.byte() % 4 {
            case 0 where at < file.count: file[at] ^= input.byte()
            case 1: file.removeLast(file.count - at)
            case 2: file.insert(contentsOf: input.bytes(Int(input.byte())), at: at)
            default: file += [UInt8](repeating: 0, count: Int(input.byte()))
            }
        }
        let disk = SimulatedDisk()
        disk.put(file, at: WrittenSegment.openPath)
        let report = Recovered.check(disk)
        let same = zip(file, segment.bytes).prefix { $0 == $1 }.count
        let lines = disk.files[WrittenSegment.sealedPath].flatMap { inflatedLines($0) } ?? []
        let expected = segment.lines.map { String(decoding: $0, as: UTF8.self) }
        guard lines.starts(with: expected.prefix(segment.committed(before: same))) else {
            violated("acknowledged events are gone: \(lines.count) lines")
        }
        guard report.hasDamage || expected.starts(with: lines) else {
            violated("events that nobody wrote")
        }
    }
}

/// What must hold after every start.
enum Recovered {
    @discardableResult
    static func check(_ disk: SimulatedDisk) -> RecoveryReport {
        do {
            let report = try disk.recover()
            let verified = try Verify.run(disk)
            guard verified.exitCode == 0 || report.hasDamage else {
                violated("verify finds what recovery left: \(verified)")
            }
            let again = try disk.restarted().recover()
            guard again.files.isEmpty else { violated("a second start finds open segments") }
            guard disk.openFiles == 0 else { violated("files are left open") }
            return report
        } catch {
            violated("recovery failed: \(error)")
        }
    }
}
