import Testing
import Webhooks

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
                "plan.directory", "plan.mode", "plan.answers",
                "storage.minimumFree", "shutdown.timeout", "log.level",
            ]
        )
        let rest = Settings.fields.map(\.key).filter { key in
            !changes.live.contains(key) && key != "compression.codec"
        }
        #expect(
            changes.needsRestart
                == rest + [
                    "sources.s", "sources.keyed", "sources.web", "sources.producers",
                    "sources.reliable",
                ]
        )
    }

    @Test func theModeOfASourceAppliesAtOnce() {
        let old = Settings()
        var settings = old
        settings.sources[1].plan = .off
        let changes = settings.changes(from: old)
        #expect(changes.live == ["sources.\(settings.sources[1].name).plan"])
        #expect(changes.needsRestart.isEmpty)
        #expect(old.sources(withLiveOf: settings) == settings.sources)
    }

    @Test func webhooksApplyAtOnce() {
        var old = Settings()
        old.sources.append(Samples.unusualEdge)
        var settings = old
        settings.sources[2].edge.webhooks[0].settings.signature.secrets = ["another-secret"]
        let changes = settings.changes(from: old)
        #expect(changes.live == ["sources.web.webhooks"])
        #expect(changes.needsRestart.isEmpty)
        #expect(old.sources(withLiveOf: settings) == settings.sources)
    }

    @Test func fieldsApplyAtOnce() {
        let old = Settings()
        var settings = old
        settings.sources[1].mapping.preset = .github
        let changes = settings.changes(from: old)
        #expect(changes.live == ["sources.reliable.fields"] && changes.needsRestart.isEmpty)
        #expect(old.sources(withLiveOf: settings) == settings.sources)
        #expect(settings.sources[1].mapping.rules != nil)
        #expect(old.sources[1].mapping.rules == nil)
    }

    @Test func writeKeysApplyAtOnceAndNothingElseOfTheirSource() {
        var old = Settings()
        old.sources.append(Samples.unusualEdge)
        var settings = old
        settings.sources[2].edge.keys.removeLast()
        let changes = settings.changes(from: old)
        #expect(changes.live == ["sources.web.keys"])
        #expect(changes.needsRestart.isEmpty)
        #expect(old.sources(withLiveOf: settings) == settings.sources)
        settings.sources[2].edge.prefix = "/x8"
        #expect(settings.changes(from: old).needsRestart == ["sources.web"])
    }

    @Test func aSourceThatChangedIsNamedAlone() {
        var settings = Settings()
        settings.sources[1].highWaterMark = 5
        let changes = settings.changes(from: Settings())
        #expect(changes.live.isEmpty)
        #expect(changes.needsRestart == ["sources.reliable"])
    }
}
