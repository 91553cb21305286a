import Testing
import Webhooks

@testable import Configuration

@Suite struct SettingsYAMLTests {
    private func reread(_ settings: Settings) throws -> Settings {
        try SettingsReader.read(
            yaml: settings.yaml(),
            file: "printed.yaml",
            environment: ["HOOK_SECRET": "a-secret"]
        )
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
        var settings = Settings()
        settings.sources.append(Samples.unusualEdge)
        let text = settings.yaml()
        for key in Settings.keys {
            let name = key.split(separator: ".").last ?? ""
            #expect(text.contains("\(name): "), "\(key)")
        }
    }
}

extension Samples {
    /// An HTTP source; every key that only it has differs from its default.
    static var unusualEdge: Settings.Source {
        var source = Settings.Source()
        source.name = "web"
        source.pattern = .http
        source.bind = ["0.0.0.0:8080", "unix:/tmp/${x}.sock"]
        source.edge.threads = 3
        source.edge.profiles = [.events]
        source.edge.prefix = "/x7"
        source.edge.tls = .init(certificate: "/a.pem", key: "/a.key", minimum: .tls13)
        source.edge.keys = [
            .init(
                name: "shop",
                key: "a-${key}-of-ours",
                written: "a-$${key}-of-ours",
                channel: "web",
                origins: ["https://*.shop.example", "*"],
                rate: 7
            ),
            .init(name: "pos", key: "another-key", written: "another-key"),
        ]
        source.edge.webhooks = [preset, signed].map { .init($0, written: ["${HOOK_SECRET}"]) }
        source.edge.redirect.secrets = .init(texts: ["a-secret"], written: ["${HOOK_SECRET}"])
        source.edge.redirect.hosts = ["*.shop.example"]
        source.edge.proxies = ["10.0.0.0/8"]
        source.edge.metadata = [.key, .path]
        source.edge.privacy.address = .full
        source.edge.privacy.gpc = .anonymise
        source.edge.privacy.dnt = .drop
        source.edge.unknownKey = .quarantine
        source.edge.apiHost = "edge.shop.example/v1"
        source.edge.timeouts.header = .seconds(1)
        source.edge.timeouts.body = .seconds(2)
        source.edge.timeouts.idle = .seconds(650)
        source.edge.timeouts.answer = .milliseconds(100)
        source.edge.timeouts.grace = .seconds(5)
        source.edge.costs.connections = 1
        source.edge.costs.bufferedBytes = 1 << 20
        return source
    }

    private static var preset: WebhookSettings {
        var webhook = WebhookSettings(
            path: "/hooks/sms",
            preset: .twilio,
            signature: .init(secrets: ["a-secret"])
        )
        webhook.channel = "sms"
        webhook.publicURL = "https://edge.shop.example/hooks/sms"
        return webhook
    }

    private static var signed: WebhookSettings {
        var webhook = WebhookSettings(
            path: "/hooks/crm",
            signature: .init(secrets: ["a-secret"])
        )
        webhook.signature.algorithm = .hmacSHA512
        webhook.signature.encoding = .base64
        webhook.signature.header = "X-Signature"
        webhook.signature.prefix = "v0=\""
        webhook.signature.signed = "{id}.{timestamp}:{body}"
        webhook.signature.timestampHeader = "X-Time"
        webhook.signature.idHeader = "X-Id"
        webhook.signature.tolerance = 90
        return webhook
    }

    private static var unusualPartition: Settings.Partition {
        var partition = Settings.Partition()
        partition.path = "{event}/{source}-{node}"
        partition.time = .event
        partition.late.after = .seconds(3_600)
        partition.late.into = .late
        partition.future = .zero
        partition.maxOpen = 1
        partition.maxValues = 2
        return partition
    }

    private static var unusualSource: Settings.Source {
        var source = Settings.Source()
        source.name = "s"
        source.pattern = .sub
        source.bind = ["tcp://127.0.0.1:*", "ipc:///tmp/${x}.sock"]
        source.connect = ["tcp://127.0.0.9:1"]
        source.channel = "wéb \"x\""
        source.topics = ["a", ""]
        source.topicChannel = .on
        source.mapping.preset = .ga4
        source.highWaterMark = 7
        source.dedup = .on
        source.engine = .libzmq
        source.plan = .enforce
        source.access.strangers = .allowed
        source.access.socket.mode = 0o600
        source.access.socket.group = "shops"
        return source
    }

    private static var keyed: Settings.Source {
        var keyed = Settings.Source()
        keyed.name = "keyed"
        keyed.bind = ["tcp://*:1"]
        keyed.access.curve.keys = "./keys ${x}"
        keyed.access.curve.secret = "/secret"
        return keyed
    }

    /// Every key differs from its default.
    static var unusual: Settings {
        var settings = Settings()
        settings.node = "another-node"
        settings.sources = [unusualSource, keyed, unusualEdge]
        settings.limits.eventBytesMax = 1025
        settings.limits.messageBytesMax = 3 << 10
        settings.limits.eventsPerMessageMax = 1
        settings.limits.depthMax = 1024
        settings.limits.connectionsMax = 3
        settings.ring.capacityBytes = 16 << 10
        settings.writers = .count(5)
        settings.partition = unusualPartition
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
        settings.plan.directory = "/plan"
        settings.plan.mode = .enforce
        settings.plan.answers = .off
        return settings
    }
}
