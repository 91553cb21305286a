import Testing

@testable import Configuration

@Suite struct SettingsReaderTests {
    private func read(_ yaml: String) throws -> Settings {
        try SettingsReader.read(yaml: yaml, file: "x.yaml", environment: [:])
    }

    @Test(arguments: ["", "\n", "# nothing\n", "---\n", "{}", "limits:\nring:\n", "~"])
    func takesDefaultsWhereTheFileIsSilent(yaml: String) throws {
        #expect(try read(yaml) == Settings())
    }

    @Test func defaultsAreThoseOfTheContract() {
        let settings = Settings()
        #expect(settings.sources.map(\.name) == ["producers", "reliable"])
        #expect(settings.sources.map(\.pattern) == [.pull, .router])
        #expect(
            settings.sources.map(\.bind) == [["tcp://127.0.0.1:5571"], ["tcp://127.0.0.1:5572"]]
        )
        #expect(settings.sources.allSatisfy { $0.channel == "unknown" && $0.topics == [""] })
        #expect(settings.sources.allSatisfy { $0.highWaterMark == 1000 && $0.connect.isEmpty })
        #expect(settings.limits.eventBytesMax == 1_048_576)
        #expect(settings.limits.messageBytesMax == 4_194_304)
        #expect(settings.limits.eventsPerMessageMax == 100_000)
        #expect(settings.limits.depthMax == 64)
        #expect(settings.ring.capacityBytes == 67_108_864)
        #expect(settings.writers == .auto)
        #expect(settings.partition.path == "channel={channel}/date={date}/hour={hour}")
        #expect(settings.commit.interval == .milliseconds(100))
        #expect(settings.segment.ageMax == .seconds(300))
        #expect(settings.storage.directory == "/var/lib/touchpoint")
        #expect(settings.control.mode == 0o660)
        #expect(settings.metrics.listen == nil)
        #expect(settings.log.format == .text)
    }

    @Test func embeddedDefaultWritesBelowTheWorkingFolder() {
        let settings = Settings.embeddedDefault
        #expect(settings.storage.directory == "./touchpoint-data")
        #expect(settings.control.socket == "./touchpoint-data/control.sock")
        #expect(settings.sources == Settings().sources)
    }

    @Test func readsTheContractsSample() throws {
        let settings = try read(Samples.contract)
        #expect(settings.node == "c1")
        #expect(settings.sources.count == 2)
        #expect(
            settings.sources[0].bind
                == ["tcp://127.0.0.1:5571", "ipc:///run/touchpoint/ingest.sock"]
        )
        #expect(settings.metrics.listen == "127.0.0.1:9571")
        var expected = Settings()
        expected.node = "c1"
        expected.sources = settings.sources
        expected.metrics.listen = "127.0.0.1:9571"
        #expect(settings == expected)
    }

    @Test func readsEveryUnit() throws {
        let settings = try read(
            """
            limits: { event: 2048, message: 8KiB }
            ring: { capacity: 1 GiB }
            commit: { interval: 1m }
            segment: { maxBytes: 3MiB, maxAge: 2h, idle: "7s" }
            writers: 3
            control: { mode: 600 }
            metrics: { listen: "[::1]:0" }
            """
        )
        #expect(settings.limits.eventBytesMax == 2048)
        #expect(settings.limits.messageBytesMax == 8192)
        #expect(settings.ring.capacityBytes == 1 << 30)
        #expect(settings.commit.interval == .seconds(60))
        #expect(settings.segment.bytesMax == 3 << 20)
        #expect(settings.segment.ageMax == .seconds(7200))
        #expect(settings.segment.idle == .seconds(7))
        #expect(settings.writers == .count(3))
        #expect(settings.control.mode == 0o600)
        #expect(settings.metrics.listen == "[::1]:0")
    }

    @Test(arguments: [
        "tcp://*:5571", "tcp://127.0.0.1:*", "tcp://0.0.0.0:0", "tcp://[::1]:5571",
        "tcp://[fe80::1%eth0]:5571", "tcp://eth0:5571", "tcp://collector.example:65535",
        "ipc:///run/x.sock", "ipc://relative.sock",
    ])
    func takesEveryKindOfBindEndpoint(endpoint: String) throws {
        let settings = try read(
            "sources: [{ name: a, pattern: sub, bind: [\"\(endpoint)\"], topics: [\"x\"],"
                + " strangers: allowed }]"
        )
        #expect(settings.sources[0].bind == [endpoint])
    }

    @Test func twoSourcesMayLeaveThePortToTheSystem() throws {
        let settings = try read(
            """
            sources:
              - { name: a, pattern: pull, bind: ["tcp://127.0.0.1:*"] }
              - { name: b, pattern: pull, bind: ["tcp://127.0.0.1:*"] }
            """
        )
        #expect(settings.sources.count == 2)
    }

    @Test func nodeNamesAreMadeSafe() {
        #expect(Settings.safeName("web-1.example") == "web-1.example")
        #expect(Settings.safeName("a b/ü") == "a-b--")
        #expect(Settings.safeName(".hidden") == "-hidden")
        #expect(Settings.safeName("") == "localhost")
        #expect(Settings.safeName(String(repeating: "x", count: 80)).count == 64)
        #expect(!Settings.hostNode.isEmpty)
    }
}

/// Configurations that several suites read.
enum Samples {
    static let contract = """
        node: c1                          # in file names and records
        sources:
          - name: producers
            pattern: pull                 # pull | sub | router
            bind: ["tcp://127.0.0.1:5571", "ipc:///run/touchpoint/ingest.sock"]
            channel: unknown              # channel of events that carry none
            topics: [""]                  # sub only
            highWaterMark: 1000           # messages per peer
          - name: reliable
            pattern: router
            bind: ["tcp://127.0.0.1:5572"]
        limits: { event: 1MiB, message: 4MiB, eventsPerMessage: 100000, depth: 64 }
        ring: { capacity: 64MiB }         # per receiver-writer pair; power of two
        writers: auto
        partition:
          path: "channel={channel}/date={date}/hour={hour}"
          time: received                  # received | event
          maxOpen: 256
          maxValues: 64
        compression: { codec: gzip, engine: auto, level: 1 }     # engine: auto | isal | zlib
        commit: { interval: 100ms }
        segment: { maxBytes: 64MiB, maxAge: 5m, idle: 1m }
        quarantine: { maxBytes: 1GiB, maxAge: 30d }
        storage: { directory: /var/lib/touchpoint, minimumFree: 512MiB }
        control: { socket: /run/touchpoint/control.sock, mode: "0660" }
        metrics: { listen: "127.0.0.1:9571" }
        shutdown: { timeout: 60s }
        log: { level: info, format: text }
        """
}
