import Testing

@testable import Configuration

@Suite struct SettingsChangesTests {
    @Test func nothingChangedNamesNothing() {
        let changes = Settings().changes(from: Settings())
        #expect(changes.live.isEmpty)
        #expect(changes.needsRestart.isEmpty)
    }

    @Test func everyChangedKeyIsNamedOnTheRightSide() {
        let changes = Samples.unusual.changes(from: Settings())
        #expect(
            changes.live == [
                "limits.perProducer.eventsPerSecond", "limits.perProducer.bytesPerSecond",
                "limits.perProducer.diskPerDay",
                "commit.interval", "segment.maxBytes", "segment.maxAge", "segment.idle",
                "quarantine.maxBytes", "quarantine.perProducer", "quarantine.maxAge",
                "storage.minimumFree", "shutdown.timeout", "log.level",
            ]
        )
        let rest = Settings.fields.map(\.key).filter { key in
            !changes.live.contains(key) && key != "compression.codec"
        }
        #expect(
            changes.needsRestart
                == rest + ["sources.s", "sources.keyed", "sources.producers", "sources.reliable"]
        )
    }

    @Test func aSourceThatChangedIsNamedAlone() {
        var settings = Settings()
        settings.sources[1].highWaterMark = 5
        let changes = settings.changes(from: Settings())
        #expect(changes.live.isEmpty)
        #expect(changes.needsRestart == ["sources.reliable"])
    }
}
