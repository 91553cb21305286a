import Archive
import Events
import Inspection
import SegmentSupport
import Simulation
import Testing

@Suite struct VerifyTests {
    static let other = "events/channel=app/part-c1-1-20261122T100000.000Z-0.ndjson.gz"
    static let quarantined =
        "quarantine/reason=invalid_json/date=2026-11-22/part-c1-1-20261122T100000.000Z-1.ndjson.gz"
    static let manifest = Layout.manifestPath(date: "2026-11-22", node: "c1")

    /// Creates two event files and one of quarantine, whose manifest lines recovery writes.
    private func healthy() throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        disk.put(try SegmentSample.sealed(events: 10).bytes, at: SegmentSample.path)
        disk.put(try SegmentSample.sealed(events: 5, from: 11).bytes, at: Self.other)
        disk.put(try SegmentSample.sealed(events: 2, from: 16).bytes, at: Self.quarantined)
        _ = try disk.recover()
        return disk
    }

    /// Changes the manifest line of a path.
    private func edit(
        _ disk: SimulatedDisk,
        at path: String,
        change: (inout ManifestEntry) -> Void
    ) throws {
        var lines: [UInt8] = []
        for var entry in try disk.manifestEntries().entries {
            if entry.path == path { change(&entry) }
            lines += ManifestLine.bytes(entry)
        }
        let date = try #require(disk.files.keys.first { $0.hasPrefix(SegmentFormat.manifest) })
        disk.put(lines, at: date)
    }

    private func append(_ bytes: [UInt8], to disk: SimulatedDisk) throws {
        let path = try #require(disk.files.keys.first { $0.hasPrefix(SegmentFormat.manifest) })
        disk.put((disk.files[path] ?? []) + bytes, at: path)
    }

    @Test func healthyDataHasNoFindings() throws {
        let report = try Verify.run(try healthy())
        #expect(report.findings == [])
        #expect(report.exitCode == 0)
        #expect(report.files == 3)
        #expect(report.events == 17)
        #expect(report.gaps == [])
        #expect(report.sources == ["reliable": .init(written: 15, quarantined: 2)])
    }

    @Test func anEmptyFolderIsHealthy() throws {
        #expect(try Verify.run(SimulatedDisk()) == VerifyReport())
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var kinds: Set<VerifyReport.Kind>
        var path = SegmentSample.path
        var change: @Sendable (VerifyTests, SimulatedDisk) throws -> Void

        init(
            _ name: String,
            _ kinds: Set<VerifyReport.Kind>,
            path: String = SegmentSample.path,
            change: @escaping @Sendable (VerifyTests, SimulatedDisk) throws -> Void
        ) {
            testDescription = name
            self.kinds = kinds
            self.path = path
            self.change = change
        }
    }

    static let damages: [Damage] = [
        Damage("missing file", [.missingFile]) { $1.remove(path: SegmentSample.path) },
        Damage("missing manifest line", [.missingEntry], path: "events/x/part-1.ndjson.gz") {
            $1.put(
                try SegmentSample.sealed(events: 1, from: 100).bytes,
                at: "events/x/part-1.ndjson.gz"
            )
        },
        Damage("conflicting line", [.conflictingEntry]) { test, disk in
            var entry = try #require(
                try disk.manifestEntries().entries.first { $0.path == SegmentSample.path }
            )
            entry.events += 1
            try test.append(ManifestLine.bytes(entry), to: disk)
        },
        Damage("wrong time", [.contentMismatch]) {
            try $0.edit($1, at: SegmentSample.path) {
                $0.lastReceivedAt = "2026-11-22T11:00:00.000000Z"
            }
        },
        Damage("wrong node", [.contentMismatch]) {
            try $0.edit($1, at: SegmentSample.path) { $0.node = "c2" }
        },
        Damage("wrong count", [.contentMismatch]) {
            try $0.edit($1, at: SegmentSample.path) { $0.events = 9 }
        },
        Damage("wrong raw bytes", [.contentMismatch]) {
            try $0.edit($1, at: SegmentSample.path) { $0.rawBytes -= 1 }
        },
        Damage("wrong CRC", [.contentMismatch]) {
            try $0.edit($1, at: SegmentSample.path) { $0.crc32 = "00000000" }
        },
        Damage("wrong hash", [.changedFile]) {
            try $0.edit($1, at: SegmentSample.path) { $0.sha256 = "00" }
        },
        Damage("wrong size", [.changedFile]) {
            try $0.edit($1, at: SegmentSample.path) { $0.compressedBytes = 1 }
        },
        Damage("wrong range", [.contentMismatch]) {
            try $0.edit($1, at: SegmentSample.path) { $0.sequences[0].last = 99 }
        },
        Damage("cut file", [.damagedFile, .changedFile, .contentMismatch]) { _, disk in
            disk.put(
                Array((disk.files[SegmentSample.path] ?? []).dropLast(20)),
                at: SegmentSample.path
            )
        },
        Damage("bytes behind the end", [.damagedFile, .changedFile]) { _, disk in
            disk.put((disk.files[SegmentSample.path] ?? []) + [0], at: SegmentSample.path)
        },
        Damage(
            "duplicate numbers",
            [.duplicateSequence, .missingEntry],
            path: "events/y/part-2.ndjson.gz"
        ) {
            $1.put(
                try SegmentSample.sealed(events: 3, from: 9).bytes,
                at: "events/y/part-2.ndjson.gz"
            )
        },
        Damage("foreign line", [.damagedFile, .missingEntry], path: "events/z/part-3.ndjson.gz") {
            $1.put(
                try SegmentSample.sealed([SegmentSample.line(200), "{}"]).bytes,
                at: "events/z/part-3.ndjson.gz"
            )
        },
        Damage("kept aside", [.keptAside], path: Layout.damagedPath(forSealed: SegmentSample.path))
        {
            $1.put([1, 2, 3], at: Layout.damagedPath(forSealed: SegmentSample.path))
        },
    ]

    @Test(arguments: damages)
    func findsEachKindOfDamage(damage: Damage) throws {
        let disk = try healthy()
        try damage.change(self, disk)
        let report = try Verify.run(disk)
        #expect(Set(report.findings.map(\.kind)) == damage.kinds, "\(report.findings)")
        #expect(report.findings.allSatisfy { $0.path == damage.path }, "\(report.findings)")
        #expect(report.exitCode == 65)
    }

    @Test func findsEveryFlippedBit() throws {
        let disk = try healthy()
        let good = try #require(disk.files[SegmentSample.path])
        for index in good.indices {
            var bytes = good
            bytes[index] ^= 1 << (index % 8)
            disk.put(bytes, at: SegmentSample.path)
            let report = try Verify.run(disk)
            #expect(report.exitCode == 65, "byte \(index)")
            #expect(report.findings.allSatisfy { $0.path == SegmentSample.path })
        }
    }

    @Test func gapsAreInformationAndNoDamage() throws {
        let disk = SimulatedDisk()
        disk.put(try SegmentSample.sealed(events: 3).bytes, at: SegmentSample.path)
        disk.put(try SegmentSample.sealed(events: 3, from: 8).bytes, at: Self.other)
        _ = try disk.recover()
        let report = try Verify.run(disk)
        #expect(
            report.gaps == [
                .init(
                    source: "reliable",
                    run: "r1",
                    first: 1,
                    last: 10,
                    missing: 4,
                    ranges: [.init(first: 4, last: 7)]
                )
            ]
        )
        #expect(report.exitCode == 0)
    }

    @Test func openSegmentsCountAsFarAsTheyAreCommitted() throws {
        let disk = try healthy()
        let open = try SegmentSample.open(events: 8, every: 3, from: 40)
        disk.put(open.bytes, at: SegmentSample.openPath)
        let report = try Verify.run(disk)
        #expect(report.findings == [])
        #expect(report.openFiles == 1)
        #expect(report.openEvents == 6)
        #expect(report.sources["reliable"]?.written == 21)
    }

    @Test func aTornManifestLineIsNamedAndNoDamage() throws {
        let disk = try healthy()
        try append(Array(#"{"version":1,"pa"#.utf8), to: disk)
        let report = try Verify.run(disk)
        #expect(report.tornManifestLines == 1)
        #expect(report.tornLines == [.init(path: try #require(manifest(of: disk)), line: 4)])
        #expect(report.exitCode == 0)
    }

    @Test func aRepeatedManifestLineIsNamedAndNoDamage() throws {
        let disk = try healthy()
        let entry = try #require(try disk.manifestEntries().entries.first)
        try append(ManifestLine.bytes(entry), to: disk)
        let report = try Verify.run(disk)
        #expect(report.repeatedLines == [.init(path: try #require(manifest(of: disk)), line: 4)])
        #expect(report.exitCode == 0)
        #expect(report.manifestSources == report.sources)
    }

    private func manifest(of disk: SimulatedDisk) -> String? {
        disk.files.keys.first { $0.hasPrefix(SegmentFormat.manifest) }
    }

    @Test func aDuplicateNamesItsLineAndTheFilesThatMayHaveItsTwin() throws {
        let disk = try healthy()
        let copy = "events/y/part-2.ndjson.gz"
        disk.put(try SegmentSample.sealed(events: 3, from: 9).bytes, at: copy)
        let report = try Verify.run(disk)
        let finding = try #require(report.findings.first { $0.kind == .duplicateSequence })
        #expect(finding.path == copy && finding.line == 1)
        #expect(finding.detail.contains("3 events") && finding.detail.contains("first 9 of source"))
        #expect(finding.detail.contains(SegmentSample.path))
    }

    @Test func damageNamesTheByteOrTheLine() throws {
        let disk = try healthy()
        let good = try #require(disk.files[SegmentSample.path])
        disk.put(Array(good.dropLast(20)), at: SegmentSample.path)
        let cut = try Verify.run(disk).findings.first { $0.kind == .damagedFile }
        #expect(cut?.offset == good.count - 20)
        disk.put(
            try SegmentSample.sealed([SegmentSample.line(1), "{}"]).bytes,
            at: SegmentSample.path
        )
        let foreign = try Verify.run(disk).findings.first { $0.kind == .damagedFile }
        #expect(foreign?.line == 2)
    }

    @Test func metadataThatDoesNotComeFirstIsNoLine() throws {
        let disk = try healthy()
        let line = SegmentSample.line(1).dropFirst().dropLast()
        disk.put(try SegmentSample.sealed([#"{"a":1,"# + line + "}"]).bytes, at: SegmentSample.path)
        #expect(try Verify.run(disk).findings.contains { $0.kind == .damagedFile })
    }

    @Test func aGapSaysHowManyNumbersStoodInLostFiles() throws {
        let disk = try healthy()
        disk.remove(path: Self.other)
        let report = try Verify.run(disk)
        #expect(report.gaps.map(\.missing) == [5] && report.gaps.map(\.inLostFiles) == [5])
        #expect(report.exitCode == 65)
        var options = Verify.Options()
        options.allowsMissing = true
        let allowed = try Verify.run(disk, options: options)
        #expect(allowed.exitCode == 0 && allowed.missingFiles == 1)
        // Real damage beside it is still reported.
        #expect(allowed.findings.isEmpty && allowed.findingsTotal == 0)
        disk.put([1, 2, 3], at: SegmentSample.path)
        let damaged = try Verify.run(disk, options: options)
        #expect(damaged.exitCode == 65 && damaged.missingFiles == 1)
        #expect(!damaged.findings.isEmpty)
        #expect(damaged.findings.allSatisfy { $0.kind != .missingFile })
        #expect(allowed.manifestSources["reliable"]?.written == 15)
    }

    @Test func whatTheDaemonIsAboutToWriteIsWaitedFor() throws {
        let disk = try healthy()
        let path = "events/x/part-1.ndjson.gz"
        disk.put(try SegmentSample.sealed(events: 1, from: 18).bytes, at: path)
        let survey = try SegmentSurvey.read(path, in: disk)
        let line = ManifestLine.bytes(
            survey.entry(path: path, node: "c1", run: "r1", sealedAt: 1_795_341_600_000_000)
        )
        var options = Verify.Options()
        var waits = 0
        options.waitForDaemon = {
            waits += 1
            if waits == 3 { disk.put(line, at: "manifest/date=2026-11-23/c1.ndjson") }
            return true
        }
        let report = try Verify.run(disk, options: options)
        #expect(report.findings == [] && waits == 3)
        #expect(report.events == 18)
    }

    @Test func anOpenSegmentThatIsSealedMeanwhileIsCountedOnce() throws {
        let disk = try healthy()
        let open = Layout.openPath(forSealed: "events/x/part-1.ndjson.gz")
        let sample = try SegmentSample.open(events: 4, every: 2, from: 18)
        disk.put(sample.bytes, at: open)
        // An unknown sealed file makes it wait, after the folders were listed.
        disk.put(
            try SegmentSample.sealed(events: 1, from: 22).bytes,
            at: "events/z/part-9.ndjson.gz"
        )
        var options = Verify.Options()
        options.waitForDaemon = {
            disk.remove(path: open)
            let sealed = try? SegmentSample.sealed(events: 4, from: 18)
            disk.put(sealed?.bytes ?? [], at: "events/x/part-1.ndjson.gz")
            return false
        }
        let report = try Verify.run(disk, options: options)
        #expect(report.findings.map(\.path) == ["events/z/part-9.ndjson.gz"])
        #expect(report.sources["reliable"]?.written == 20 && report.gaps == [])
    }

    @Test func eventsOfAnOpenSegmentThatAreSealedAreCountedOnce() throws {
        let disk = try healthy()
        disk.put(
            try SegmentSample.open(events: 12, every: 3).bytes,
            at: Layout.openPath(forSealed: "events/x/part-1.ndjson.gz")
        )
        let report = try Verify.run(disk)
        #expect(report.findings == [] && report.openEvents == 0)
        #expect(report.sources == ["reliable": .init(written: 15, quarantined: 2)])
    }

    @Test func tellsHowFarItIs() throws {
        let disk = try healthy()
        var last: Verify.Progress?
        _ = try Verify.run(disk, progress: { last = $0 })
        #expect(last?.bytesDone == last?.bytesTotal)
    }
}
