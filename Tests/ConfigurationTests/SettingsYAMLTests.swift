import Testing

@testable import Configuration

@Suite struct SettingsYAMLTests {
    private func reread(_ settings: Settings) throws -> Settings {
        try SettingsReader.read(yaml: settings.yaml(), file: "printed.yaml", environment: [:])
    }

    @Test func defaultsReadBackEqual() throws {
        #expect(try reread(Settings()) == Settings())
        #expect(try reread(.embeddedDefault) == .embeddedDefault)
    }

    @Test func everyKeyWithAnotherValueReadsBackEqual() throws {
        let settings = Samples.unusual
        #expect(try reread(settings) == settings)
        // Guards the sample: any key added later must have an unusual value in it as well.
        let usual = Settings()
        // There is only one codec so far.
        for field in Settings.fields where field.key != "compression.codec" {
            #expect(field.print(settings) != field.print(usual), "\(field.key)")
        }
        for field in Settings.Source.fields {
            let isUnusual = settings.sources.contains { field.print($0) != field.print(.init()) }
            #expect(isUnusual, "\(field.key)")
        }
    }

    @Test(arguments: [
        "${NAME}", "$${NAME}", "$$", "a\"b\\c", "tab\there", "line\nbreak", "ü€😀", "# no comment",
        "null", "~", "", "\u{7F}\u{85}\u{2028}\u{FEFF}", "{a: [b", "'",
    ])
    func anyTopicReadsBackEqual(topic: String) throws {
        var settings = Samples.unusual
        settings.sources[0].topics = [topic, "x"]
        #expect(try reread(settings) == settings)
    }

    @Test func carriesEveryKey() {
        let text = Settings().yaml()
        for key in Settings.keys {
            let name = key.split(separator: ".").last ?? ""
            #expect(text.contains("\(name): "), "\(key)")
        }
    }
}

extension Samples {
    /// Every key differs from its default.
    static var unusual: Settings {
        var settings = Settings()
        settings.node = "another-node"
        var source = Settings.Source()
        source.name = "s"
        source.pattern = .sub
        source.bind = ["tcp://127.0.0.1:*", "ipc:///tmp/${x}.sock"]
        source.connect = ["tcp://127.0.0.9:1"]
        source.channel = "wéb \"x\""
        source.topics = ["a", ""]
        source.highWaterMark = 7
        source.dedup = .on
        source.engine = .libzmq
        source.access.strangers = .allowed
        source.access.socket.mode = 0o600
        source.access.socket.group = "shops"
        var keyed = Settings.Source()
        keyed.name = "keyed"
        keyed.bind = ["tcp://*:1"]
        keyed.access.curve.keys = "./keys ${x}"
        keyed.access.curve.secret = "/secret"
        settings.sources = [source, keyed]
        settings.limits.eventBytesMax = 1025
        settings.limits.messageBytesMax = 3 << 10
        settings.limits.eventsPerMessageMax = 1
        settings.limits.depthMax = 1024
        settings.limits.connectionsMax = 3
        settings.ring.capacityBytes = 16 << 10
        settings.writers = .count(5)
        settings.partition.path = "{event}/{source}-{node}"
        settings.partition.time = .event
        settings.partition.maxOpen = 1
        settings.partition.maxValues = 2
        settings.compression.engine = .zlib
        settings.dedup.window = .seconds(90)
        settings.dedup.memoryBytesMax = 5 << 20
        settings.compression.level = 9
        settings.commit.interval = .milliseconds(1500)
        settings.segment.bytesMax = 1 << 40
        settings.segment.ageMax = .seconds(86_400)
        settings.segment.idle = .milliseconds(100)
        settings.limits.perProducer.eventsPerSecond = 500
        settings.limits.perProducer.bytesPerSecond = 3 << 20
        settings.limits.perProducer.bytesPerDay = 7 << 30
        settings.quarantine.bytesMax = 0
        settings.quarantine.perProducer = 55
        settings.quarantine.ageMax = .seconds(3 * 86_400)
        settings.storage.directory = "./${data}/$x #1"
        settings.storage.minimumFreeBytes = 0
        settings.control.socket = "c.sock"
        settings.control.group = "operators"
        settings.control.mode = 0
        settings.metrics.listen = "[::1]:1"
        settings.shutdown.timeout = .seconds(61)
        settings.log.level = .error
        settings.log.format = .json
        return settings
    }
}
