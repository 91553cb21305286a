import Testing

@testable import Configuration

/// A configuration and all problems that must be reported for it.
struct BadConfiguration: Sendable, CustomTestStringConvertible {
    let yaml: String
    let messages: [String]

    init(_ yaml: String, _ messages: String...) {
        self.yaml = yaml
        self.messages = messages
    }

    var testDescription: String { yaml }
}

@Suite struct SettingsProblemsTests {
    private func problems(of yaml: String) -> [String] {
        do throws(ConfigurationError) {
            let settings = try SettingsReader.read(yaml: yaml, file: "x.yaml", environment: [:])
            return ["no problem: \(settings)"]
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    @Test(arguments: keys + types + values + together + endpoints)
    func saysExactlyWhatIsWrong(bad: BadConfiguration) {
        #expect(problems(of: bad.yaml) == bad.messages)
    }

    /// The nearest name is looked for so often, and not for every line of a large file.
    @Test func aHundredProblemsHaveAHint() {
        let letters = "bcdfghjklmpqr"
        let names = letters.flatMap { one in letters.map { "comm\(one)\($0)" } }.prefix(150)
        let found = problems(of: names.map { "\($0): 1\n" }.joined())
        #expect(found.count == 150)
        #expect(found.prefix(100).allSatisfy { $0.hasSuffix("did you mean 'commit'?") })
        #expect(found.suffix(50).allSatisfy { $0.hasSuffix(" in 'touchpointd'") })
    }

    /// Reading them all would take seconds, and each would be a line of the message.
    @Test func tooManySourcesAreOneProblem() {
        let sources = (0..<1_500).map { "- { name: 's \($0)', pattern: pull }\n" }
        #expect(
            problems(of: "sources:\n" + sources.joined()) == [
                "x.yaml:1002: sources: a collector has at most 1000 sources, found 1500"
            ]
        )
    }

    @Test func collectsAllProblemsInTheOrderOfTheFile() {
        let yaml = """
            comit: { interval: 1s }
            log: { level: loud }
            limits:
              depth: 0
              event: large
            sources:
              - name: a b
                bind: ["tcp://x", "udp://y"]
            """
        #expect(
            problems(of: yaml) == [
                "x.yaml:1: unknown key 'comit' in 'touchpointd', did you mean 'commit'?",
                "x.yaml:2: log.level: unknown value 'loud', expected one of debug, info, notice,"
                    + " warning, error",
                "x.yaml:4: limits.depth: 0 is outside 1...1024",
                "x.yaml:5: limits.event: expected a size such as 1MiB (KiB, MiB, GiB, or plain"
                    + " bytes), found 'large'",
                "x.yaml:7: sources[0].name: 'a b' is no name: 1 to 64 letters, digits, '.', '_'"
                    + " and '-', not starting with '.'",
                "x.yaml:7: sources[0]: 'pattern' is missing",
                "x.yaml:8: sources[0].bind: 'tcp://x' has no host and port, expected"
                    + " tcp://127.0.0.1:5571",
                "x.yaml:8: sources[0].bind: 'udp://y' is no endpoint, expected"
                    + " tcp://127.0.0.1:5571 or ipc:///run/touchpoint/ingest.sock",
            ]
        )
    }

    @Test(arguments: [
        "a: [", "a: b: c", "\t- x", "a: \"", "*missing", "a: *nowhere", "? [",
        "%YAML 9.9\n---",
        "a: 1\n---\nb: 2\n", "a: \"\\ud800\"", "a: \u{1}", "}", "[[[[[[[", "- x\ny: z",
    ])
    func brokenYAMLNamesLineAndColumn(yaml: String) throws {
        let found = problems(of: yaml)
        #expect(found.count == 1)
        let problem = try #require(found.first)
        #expect(problem.contains(/^x\.yaml:\d+:\d+: not valid YAML: ./), "\(problem)")
    }
}

private let keys = [
    BadConfiguration(
        "node: a\ncomit: 1\n",
        "x.yaml:2: unknown key 'comit' in 'touchpointd', did you mean 'commit'?"
    ),
    BadConfiguration(
        "partition:\n  time: event\n  maxopen: 1\n",
        "x.yaml:3: unknown key 'maxopen' in 'touchpointd.partition', did you mean 'maxOpen'?"
    ),
    BadConfiguration(
        "sources: [{ name: a, pattern: pull, bnid: [] , connect: [\"ipc://x\"] }]",
        "x.yaml:1: unknown key 'bnid' in 'touchpointd.sources[0]', did you mean 'bind'?"
    ),
    BadConfiguration("elephant: 1", "x.yaml:1: unknown key 'elephant' in 'touchpointd'"),
    BadConfiguration("[1]: 1", "x.yaml:1: unknown key a list in 'touchpointd'"),
    BadConfiguration("<<: {}", "x.yaml:1: unknown key '<<' in 'touchpointd'"),
    BadConfiguration(
        "log:\n  level: info\n  format: text\n  level: debug\n",
        "x.yaml:2: key 'level' stands more than once in the same mapping"
    ),
    BadConfiguration(
        "sources: [{ bind: [\"ipc://x\"] }]",
        "x.yaml:1: sources[0]: 'name' is missing",
        "x.yaml:1: sources[0]: 'pattern' is missing"
    ),
]

private let types = [
    BadConfiguration(
        "just text",
        "x.yaml:1: 'touchpointd': expected a mapping of keys, found 'just text'"
    ),
    BadConfiguration("- a", "x.yaml:1: 'touchpointd': expected a mapping of keys, found a list"),
    BadConfiguration(
        "limits: 5",
        "x.yaml:1: 'touchpointd.limits': expected a mapping of keys, found '5'"
    ),
    BadConfiguration(
        "limits:\n  depth: many",
        "x.yaml:2: limits.depth: expected a whole number such as 64,"
            + " found 'many'"
    ),
    BadConfiguration(
        "limits: { depth: 1.5 }",
        "x.yaml:1: limits.depth: expected a whole number such as 64, found '1.5'"
    ),
    BadConfiguration(
        "commit: { interval: soon }",
        "x.yaml:1: commit.interval: expected a duration such as 100ms (ms, s, m, h, d), found 'soon'"
    ),
    BadConfiguration(
        "commit: { interval: 100 }",
        "x.yaml:1: commit.interval: expected a duration such as 100ms (ms, s, m, h, d), found '100'"
    ),
    BadConfiguration(
        "ring: { capacity: 64MB }",
        "x.yaml:1: ring.capacity: expected a size such as 64MiB (KiB, MiB, GiB, or plain bytes),"
            + " found '64MB'"
    ),
    BadConfiguration("node: [a]", "x.yaml:1: node: expected a name such as c1, found a list"),
    BadConfiguration("node:", "x.yaml:1: node: expected a name such as c1, found nothing"),
    BadConfiguration(
        "writers: some",
        "x.yaml:1: writers: expected auto or a whole number such as 2, found 'some'"
    ),
    BadConfiguration(
        "sources: [{ name: a, pattern: pull, bind: \"ipc://x\" }]",
        "x.yaml:1: sources[0].bind: expected a list such as [\"tcp://127.0.0.1:5571\"],"
            + " found 'ipc://x'"
    ),
    BadConfiguration(
        "sources: [{ name: a, pattern: pull, bind: [{}] }]",
        "x.yaml:1: sources[0].bind: expected a text in this list, found a mapping"
    ),
    BadConfiguration(
        "sources: [7]",
        "x.yaml:1: 'touchpointd.sources[0]': expected a mapping of keys, found '7'"
    ),
    BadConfiguration(
        "control: { mode: rw }",
        "x.yaml:1: control.mode: expected permission bits in octal such as \"0660\", found 'rw'"
    ),
    BadConfiguration(
        "control: { mode: \"0688\" }",
        "x.yaml:1: control.mode: expected permission bits in octal such as \"0660\", found '0688'"
    ),
    BadConfiguration(
        "metrics: { listen: 9571 }",
        "x.yaml:1: metrics.listen: expected host:port such as 127.0.0.1:9571, or off, found '9571'"
    ),
]

private let values = [
    BadConfiguration(
        "compression: { level: 12 }",
        "x.yaml:1: compression.level: 12 is outside 1...9"
    ),
    BadConfiguration(
        "compression: { codec: zstd }",
        "x.yaml:1: compression.codec: unknown value 'zstd', expected one of gzip"
    ),
    BadConfiguration(
        "log: { level: warnin }",
        "x.yaml:1: log.level: unknown value 'warnin', expected one of debug, info, notice,"
            + " warning, error, did you mean 'warning'?"
    ),
    BadConfiguration("limits: { depth: 1025 }", "x.yaml:1: limits.depth: 1025 is outside 1...1024"),
    BadConfiguration("limits: { depth: -1 }", "x.yaml:1: limits.depth: -1 is outside 1...1024"),
    BadConfiguration(
        "limits: { depth: 99999999999999999999 }",
        "x.yaml:1: limits.depth: 99999999999999999999 is outside 1...1024"
    ),
    BadConfiguration(
        "segment: { maxBytes: 9999999999999GiB }",
        "x.yaml:1: segment.maxBytes: 9999999999999GiB is outside 1KiB...1024GiB"
    ),
    BadConfiguration(
        "commit: { interval: 0ms }",
        "x.yaml:1: commit.interval: 0ms is outside 1ms...1m"
    ),
    BadConfiguration(
        "commit: { interval: 61s }",
        "x.yaml:1: commit.interval: 61s is outside 1ms...1m"
    ),
    BadConfiguration(
        "shutdown: { timeout: 9999999999999999h }",
        "x.yaml:1: shutdown.timeout: 9999999999999999h is outside 1s...1h"
    ),
    BadConfiguration("writers: 0", "x.yaml:1: writers: 0 is outside 1...255"),
    BadConfiguration(
        "control: { mode: 1777 }",
        "x.yaml:1: control.mode: 1777 is outside 0000...0777"
    ),
    BadConfiguration(
        "metrics: { listen: \"localhost:70000\" }",
        "x.yaml:1: metrics.listen: port 70000 of 'localhost:70000' is outside 0...65535"
    ),
    BadConfiguration(
        "node: .c1",
        "x.yaml:1: node: '.c1' is no name: 1 to 64 letters, digits, '.', '_' and '-',"
            + " not starting with '.'"
    ),
    BadConfiguration(
        "storage: { directory: \"\" }",
        "x.yaml:1: storage.directory: expected a folder such as /var/lib/touchpoint, found an"
            + " empty text or control characters"
    ),
    BadConfiguration(
        "partition: { path: \"channel={chanel}\" }",
        "x.yaml:1: partition.path: unknown placeholder '{chanel}', expected one of {channel}"
            + " {event} {source} {node} {date} {hour}, did you mean '{channel}'?"
            + " A member of events that is named so is '{\\chanel}'"
    ),
    BadConfiguration(
        "partition: { path: \"c={properties..country}\" }",
        "x.yaml:1: partition.path: '{properties..country}' is no path such as"
            + " {properties.country}, and none of {channel} {event} {source} {node} {date} {hour}"
    ),
    BadConfiguration(
        "partition: { path: /x }",
        "x.yaml:1: partition.path: '/x' is absolute, expected a path below events/"
    ),
    BadConfiguration(
        "partition: { path: a/../b }",
        "x.yaml:1: partition.path: 'a/../b' has the element '..'"
    ),
    BadConfiguration(
        "partition: { path: a//b }",
        "x.yaml:1: partition.path: 'a//b' has an empty element"
    ),
    BadConfiguration(
        "partition: { path: \"\" }",
        "x.yaml:1: partition.path: '' has an empty element"
    ),
    BadConfiguration(
        "partition: { path: a/_b }",
        "x.yaml:1: partition.path: '_b' starts with '_', such folders are invisible to Hive, Spark"
            + " and DuckDB"
    ),
    BadConfiguration(
        "partition: { path: \"a={date\" }",
        "x.yaml:1: partition.path: unmatched '{' in 'a={date'"
    ),
    BadConfiguration(
        "partition: { path: \"a b\" }",
        "x.yaml:1: partition.path: ' ' may not stand in a path; letters, digits, '.', '_', '-',"
            + " '=' may"
    ),
]

private let together = [
    BadConfiguration(
        "sources: [{ name: a, pattern: sub, bind: [\"tcp://127.0.0.1:1\"], engine: native }]",
        "x.yaml:1: sources[0].engine: native cannot be combined with pattern sub; use auto or libzmq"
    ),
    BadConfiguration(
        "sources: [{ name: a, pattern: pull, connect: [\"tcp://127.0.0.1:1\"], engine: native }]",
        "x.yaml:1: sources[0].engine: native cannot be combined with connect; use auto or libzmq"
    ),
    BadConfiguration(
        "sources: [{ name: a, pattern: pull, bind: [\"ipc://@x\"] }]",
        "x.yaml:1: sources[0].bind: 'ipc://@x' is an abstract name, which every user of this machine"
            + " may connect to; expected a path such as ipc:///run/touchpoint/ingest.sock"
    ),
    BadConfiguration(
        "sources: [{ name: a, pattern: pull, bind: [\"ipc://*\"] }]",
        "x.yaml:1: sources[0].bind: 'ipc://*' names no path; expected one such as"
            + " ipc:///run/touchpoint/ingest.sock"
    ),
    BadConfiguration(
        "node: a\nring: { capacity: 48MiB }",
        "x.yaml:2: ring.capacity: 48MiB is no power of two, such as 64MiB"
    ),
    BadConfiguration(
        "ring: { capacity: 8MiB }",
        "x.yaml:1: ring.capacity: 8MiB is less than 4 times limits.message, 4MiB"
    ),
    BadConfiguration(
        "node: a\nlimits: { message: 32MiB }",
        "x.yaml:2: ring.capacity: 64MiB is less than 4 times limits.message, 32MiB"
    ),
    BadConfiguration(
        "limits: { event: 8MiB }",
        "x.yaml:1: limits.event: 8MiB is more than limits.message, 4MiB"
    ),
    BadConfiguration(
        "compression:\n  engine: isal\n  level: 4",
        "x.yaml:3: compression.level: engine isal has levels 1...3, not 4; use engine auto or zlib"
    ),
    BadConfiguration(
        "sources: []",
        "x.yaml:1: sources: expected a list of at least one source such as - { name: producers,"
            + " pattern: pull, bind: [\"tcp://127.0.0.1:5571\"] }, found an empty list"
    ),
    BadConfiguration(
        "sources:\n  - { name: a, pattern: pull, bind: [\"ipc://x\"] }\n"
            + "  - { name: a, pattern: pull, bind: [\"ipc://x\"] }\n",
        "x.yaml:3: sources[1].name: 'a' is also the name of sources[0]",
        "x.yaml:3: sources[1].bind: 'ipc://x' is already bound by sources[0]"
    ),
    BadConfiguration(
        "sources:\n  - name: a\n    pattern: pull\n",
        "x.yaml:2: sources[0]: nothing to bind and nothing to connect to"
    ),
    BadConfiguration(
        "sources: [{ name: a, pattern: pull, bind: [\"ipc://x\"], topics: [\"t\"] }]",
        "x.yaml:1: sources[0].topics: only pattern sub has topics, not pull"
    ),
]

private let endpoints =
    [
        ("tcp://127.0.0.1:65536", "port 65536 of 'tcp://127.0.0.1:65536' is outside 0...65535"),
        (
            "tcp://h:99999999999999999999",
            "port 99999999999999999999 of 'tcp://h:99999999999999999999' is outside 0...65535"
        ),
        ("tcp://:5571", "'tcp://:5571' has no host and port, expected tcp://127.0.0.1:5571"),
        ("tcp://a/b:1", "'tcp://a/b:1' has no host and port, expected tcp://127.0.0.1:5571"),
        ("tcp://::1:1", "'tcp://::1:1' has no host and port, expected tcp://127.0.0.1:5571"),
        ("ipc://", "'ipc://' has no path, or control characters in it"),
        (
            "inproc://x",
            "'inproc://x' is no endpoint, expected tcp://127.0.0.1:5571 or"
                + " ipc:///run/touchpoint/ingest.sock"
        ),
    ].map { endpoint, message in
        BadConfiguration(
            "sources: [{ name: a, pattern: pull, bind: [\"\(endpoint)\"] }]",
            "x.yaml:1: sources[0].bind: \(message)"
        )
    } + [
        BadConfiguration(
            "sources: [{ name: a, pattern: pull, connect: [\"tcp://h:0\"] }]",
            "x.yaml:1: sources[0].connect: port 0 of 'tcp://h:0' is outside 1...65535"
        ),
        BadConfiguration(
            "control: { socket: /\(String(repeating: "s", count: 107)) }",
            "x.yaml:1: control.socket: the path of '/\(String(repeating: "s", count: 107))' has"
                + " 108 bytes, a Unix socket can have 107"
        ),
    ]
