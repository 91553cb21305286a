import Compression
import Events
import Intake
import Pipeline
import Storage
import Testing
import ZeroMQSource

@testable import Configuration
@testable import Daemon

@Suite struct LifeSettingsTests {
    @Test func theTimesThatAreBelievedReachThePipeline() throws {
        var settings = Settings()
        settings.sources = [Self.subscriber]
        let usual = try settings.pipeline(run: "r", cores: 8).eventTimes
        #expect(
            usual == EventTimePolicy(lateAfter: 172_800_000_000, futureMax: 300_000_000)
        )
        settings.partition.late.after = .seconds(3)
        settings.partition.late.into = .late
        settings.partition.future = .zero
        let other = try settings.pipeline(run: "r", cores: 8).eventTimes
        #expect(other == EventTimePolicy(lateAfter: 3_000_000, separatesLate: true))
    }

    @Test func everySettingReachesThePipeline() throws {
        var settings = Settings()
        settings.node = "n7"
        settings.limits.eventBytesMax = 1_001
        settings.limits.messageBytesMax = 2_002
        settings.limits.eventsPerMessageMax = 33
        settings.limits.depthMax = 4
        settings.limits.connectionsMax = 15
        settings.ring.capacityBytes = 1 << 20
        settings.writers = .count(3)
        settings.partition.path = "source={source}"
        settings.partition.time = .event
        settings.partition.maxOpen = 17
        settings.partition.maxValues = 18
        settings.compression.level = 6
        settings.commit.interval = .milliseconds(7)
        settings.segment.bytesMax = 19
        settings.segment.ageMax = .seconds(20)
        settings.segment.idle = .seconds(21)
        settings.storage.minimumFreeBytes = 22
        settings.quarantine.bytesMax = 24
        settings.quarantine.perProducer = 25
        settings.limits.perProducer.eventsPerSecond = 26
        settings.limits.perProducer.bytesPerSecond = 27
        settings.limits.perProducer.bytesPerDay = 28
        settings.sources = [Self.subscriber]

        let pipeline = try settings.pipeline(run: "r", cores: 8)
        #expect(pipeline.node == "n7" && pipeline.run == "r")
        #expect(
            pipeline.limits == PayloadLimits(eventBytesMax: 1_001, eventsMax: 33, depthMax: 4)
        )
        #expect(pipeline.inflatedBytesMax == 2_002 * 8)
        #expect(pipeline.ringBytes == 1 << 20 && pipeline.writers == 3)
        #expect(pipeline.partitionTime == .event)
        #expect(pipeline.openMax == 17 && pipeline.valuesMax == 18)
        #expect(pipeline.engine.rawValue == "zlib" && pipeline.level == 6)
        var tunables = PipelineConfiguration.Tunables(
            commitInterval: .milliseconds(7),
            segmentBytesMax: 19,
            segmentAgeMax: .seconds(20),
            segmentIdleMax: .seconds(21),
            freeBytesMin: 22,
            quarantineBytesMax: 24
        )
        tunables.quarantineShare = 25
        tunables.producerLimits = ProducerLimits(
            eventsPerSecond: 26,
            bytesPerSecond: 27,
            bytesPerDay: 28
        )
        #expect(pipeline.tunables == tunables)
        #expect(try settings.sourceOpening(cores: 8).profiles == pipeline.sources)
    }

    private static var subscriber: Settings.Source {
        var source = Settings.Source()
        source.name = "s"
        source.pattern = .sub
        source.connect = ["tcp://127.0.0.1:9"]
        source.channel = "ch"
        source.topics = ["t"]
        source.highWaterMark = 23
        return source
    }

    @Test func aSourceThatConnectsIsOfLibzmq() throws {
        var settings = Settings()
        settings.limits.messageBytesMax = 2_002
        settings.limits.connectionsMax = 15
        settings.sources = [Self.subscriber]
        guard case .socket(let intake) = try settings.sourceOpening(cores: 8).choices.first else {
            Issue.record("a source that connects is not libzmq's")
            return
        }
        #expect(intake.name == "s" && intake.pattern == .sub && intake.bind.isEmpty)
        #expect(intake.connect == ["tcp://127.0.0.1:9"] && intake.channel == "ch")
        #expect(intake.topics == ["t"] && intake.highWaterMark == 23)
        #expect(intake.messageBytesMax == 2_002)
        #expect(intake.connectionsMax == 15)
    }

    @Test(arguments: [(1, 1), (2, 2), (4, 4), (64, 16)])
    func autoIsAWriterACore(cores: Int, writers: Int) {
        #expect(Settings.Writers.auto.count(cores: cores) == writers)
        #expect(Settings.Writers.count(5).count(cores: cores) == 5)
    }

    @Test func theDefaultEngineIsTheFastOne() throws {
        let pipeline = try Settings().pipeline(run: "r", cores: 2)
        #expect(pipeline.engine.rawValue == "isal" && pipeline.level == 1)
    }

    @Test func aLevelTheEngineLacksIsBadConfiguration() throws {
        var settings = Settings()
        settings.compression.engine = .isal
        settings.compression.level = 9
        let failure = #expect(throws: DaemonFailure.self) {
            try settings.pipeline(run: "r", cores: 2)
        }
        #expect(failure?.exitCode == 78)
        #expect(failure?.description.contains("compression") == true)
    }

    @Test func aTemplateThatIsNoneIsBadConfiguration() throws {
        var settings = Settings()
        settings.partition.path = "channel={channel"
        let failure = #expect(throws: DaemonFailure.self) {
            try settings.pipeline(run: "r", cores: 2)
        }
        #expect(failure?.exitCode == 78)
        #expect(failure?.description.contains("partition.path") == true)
    }
}
