import Events

extension Settings {
    /// Every key but those of the sources, in the order they are printed.
    static var fields: [Field<Settings>] {
        [Field("node", \.node, as: .name(example: "c1"))]
            + limitFields + pathFields + fileFields + storageFields + operationFields
    }

    private static var limitFields: [Field<Settings>] {
        [
            Field(
                "limits.event",
                \.limits.eventBytesMax,
                as: .size(1 << 10...PayloadLimits.messageBytesCeiling, example: "1MiB")
            ),
            Field(
                "limits.message",
                \.limits.messageBytesMax,
                as: .size(1 << 10...PayloadLimits.messageBytesCeiling, example: "4MiB")
            ),
            Field(
                "limits.eventsPerMessage",
                \.limits.eventsPerMessageMax,
                as: .count(1...10_000_000, example: 100_000)
            ),
            Field("limits.depth", \.limits.depthMax, as: .count(1...1024, example: 64)),
            Field(
                "limits.connections",
                \.limits.connectionsMax,
                as: .count(1...16_000, example: 1_000)
            ),
            Field(
                "limits.perProducer.eventsPerSecond",
                \.limits.perProducer.eventsPerSecond,
                as: .count(0...1_000_000_000, example: 1_000),
                isLive: true
            ),
            Field(
                "limits.perProducer.bytesPerSecond",
                \.limits.perProducer.bytesPerSecond,
                as: .size(0...1 << 40, example: "1MiB"),
                isLive: true
            ),
            Field(
                "limits.perProducer.diskPerDay",
                \.limits.perProducer.bytesPerDay,
                as: .size(0...1 << 50, example: "10GiB"),
                isLive: true
            ),
        ]
    }

    private static var pathFields: [Field<Settings>] {
        [
            Field(
                "ring.capacity",
                \.ring.capacityBytes,
                as: .size(4 << 10...1 << 30, example: "64MiB")
            ),
            Field("writers", \.writers, as: .writers),
            Field(
                "partition.path",
                \.partition.path,
                as: .text(
                    expected: "a path such as channel={channel}/date={date}/hour={hour}",
                    check: PartitionPathRule.check
                )
            ),
            Field("partition.time", \.partition.time, as: .choice),
            Field(
                "partition.late.after",
                \.partition.late.after,
                as: .duration(.zero...(.seconds(3_650 * 86_400)), example: "48h")
            ),
            Field("partition.late.into", \.partition.late.into, as: .choice),
            Field(
                "partition.future",
                \.partition.future,
                as: .duration(.zero...(.seconds(3_650 * 86_400)), example: "5m")
            ),
            Field("partition.maxOpen", \.partition.maxOpen, as: .count(1...65_536, example: 256)),
            Field(
                "partition.maxValues",
                \.partition.maxValues,
                as: .count(1...1_000_000, example: 64)
            ),
        ]
    }

    private static var fileFields: [Field<Settings>] {
        [
            Field("compression.codec", \.compression.codec, as: .choice),
            Field("compression.engine", \.compression.engine, as: .choice),
            Field("compression.level", \.compression.level, as: .count(1...9, example: 1)),
            Field(
                "commit.interval",
                \.commit.interval,
                as: .duration(.milliseconds(1)...(.seconds(60)), example: "100ms"),
                isLive: true
            ),
            Field(
                "segment.maxBytes",
                \.segment.bytesMax,
                as: .size(1 << 10...1 << 40, example: "64MiB"),
                isLive: true
            ),
            Field(
                "segment.maxAge",
                \.segment.ageMax,
                as: .duration(.milliseconds(100)...(.seconds(86_400)), example: "5m"),
                isLive: true
            ),
            Field(
                "segment.idle",
                \.segment.idle,
                as: .duration(.milliseconds(100)...(.seconds(86_400)), example: "1m"),
                isLive: true
            ),
            Field(
                "dedup.window",
                \.dedup.window,
                as: .duration(.seconds(1)...(.seconds(7 * 86_400)), example: "24h")
            ),
            Field(
                "dedup.maxMemory",
                \.dedup.memoryBytesMax,
                as: .size(4 << 20...64 << 30, example: "256MiB")
            ),
        ]
    }

    private static var storageFields: [Field<Settings>] {
        [
            Field(
                "quarantine.maxBytes",
                \.quarantine.bytesMax,
                as: .size(0...1 << 50, example: "1GiB"),
                isLive: true
            ),
            Field(
                "quarantine.perProducer",
                \.quarantine.perProducer,
                as: .count(1...100, example: 10),
                isLive: true
            ),
            Field(
                "quarantine.maxAge",
                \.quarantine.ageMax,
                as: .duration(.zero...(.seconds(3_650 * 86_400)), example: "30d"),
                isLive: true
            ),
            Field(
                "plan.directory",
                \.plan.directory,
                as: .path(example: "/etc/touchpoint/plan"),
                isLive: true
            ),
            Field("plan.mode", \.plan.mode, as: .choice, isLive: true),
            Field("plan.answers", \.plan.answers, as: .choice, isLive: true),
            Field("storage.directory", \.storage.directory, as: .directory),
            Field(
                "storage.minimumFree",
                \.storage.minimumFreeBytes,
                as: .size(0...1 << 50, example: "512MiB"),
                isLive: true
            ),
        ]
    }

    private static var operationFields: [Field<Settings>] {
        [
            Field("control.socket", \.control.socket, as: .socketPath),
            Field("control.mode", \.control.mode, as: .mode),
            Field("control.group", \.control.group, as: .groupName),
            Field("metrics.listen", \.metrics.listen, as: .listener),
            Field(
                "shutdown.timeout",
                \.shutdown.timeout,
                as: .duration(.seconds(1)...(.seconds(3600)), example: "60s"),
                isLive: true
            ),
            Field("log.level", \.log.level, as: .choice, isLive: true),
            Field("log.format", \.log.format, as: .choice),
        ]
    }

    /// All keys, dotted; those of a source as `sources[].name`.
    static var keys: [String] {
        fields.map(\.key) + Source.fields.map { "sources[].\($0.key)" }
    }
}

extension Settings.Source {
    /// Every key of one element of `sources`, in the order they are printed.
    static var fields: [Field<Settings.Source>] {
        [
            Field("name", \.name, as: .name(example: "producers")),
            Field("pattern", \.pattern, as: .choice),
            Field(
                "bind",
                \.bind,
                as: .list(example: "[\"tcp://127.0.0.1:5571\"]") { (text) throws(Complaint) in
                    try Endpoint.check(text, isBind: true)
                }
            ),
            Field(
                "connect",
                \.connect,
                as: .list(example: "[\"tcp://10.0.0.7:5571\"]") { (text) throws(Complaint) in
                    try Endpoint.check(text, isBind: false)
                }
            ),
            Field("channel", \.channel, as: .channel),
            Field("topics", \.topics, as: .list(example: "[\"clicks.\"]") { _ in }),
            Field("topicIsChannel", \.topicChannel, as: .choice),
            Field(
                "highWaterMark",
                \.highWaterMark,
                as: .count(1...1_000_000, example: 1000)
            ),
            Field("dedup", \.dedup, as: .choice),
            Field("fields", \.mapping, as: .mapping, isLive: true),
            Field("plan", \.plan, as: .choice),
            Field("engine", \.engine, as: .choice),
            Field("strangers", \.access.strangers, as: .choice),
            Field(
                "curve.keys",
                \.access.curve.keys,
                as: .path(example: "/etc/touchpoint/producers")
            ),
            Field(
                "curve.secret",
                \.access.curve.secret,
                as: .path(example: "/etc/touchpoint/c1.key_secret")
            ),
            Field("socket.mode", \.access.socket.mode, as: .mode),
            Field("socket.group", \.access.socket.group, as: .groupName),
        ] + edgeFields
    }
}

extension FieldKind where Value == String {
    /// A folder, absolute or relative.
    static var directory: FieldKind {
        .text(expected: "a folder such as /var/lib/touchpoint") { (text) throws(Complaint) in
            guard !text.isEmpty, !text.unicodeScalars.contains(where: isControl) else {
                throw Complaint(
                    "expected a folder such as /var/lib/touchpoint, found an empty text or"
                        + " control characters"
                )
            }
        }
    }

    /// The path of a Unix socket.
    static var socketPath: FieldKind {
        .text(expected: "a path such as /run/touchpoint/control.sock") { (text) throws(Complaint) in
            try Endpoint.checkPath(text, of: text)
        }
    }

    /// A channel name, as producers write it.
    static var channel: FieldKind {
        .text(expected: "a channel such as web") { (text) throws(Complaint) in
            guard (1...128).contains(text.utf8.count),
                !text.unicodeScalars.contains(where: isControl)
            else {
                throw Complaint("expected 1 to 128 bytes without control characters")
            }
        }
    }
}

extension FieldKind where Value == String? {
    /// The path of a file or folder, or "" for none.
    static func path(example: String) -> FieldKind {
        .scalar(
            expected: "a path such as \(example), or \"\"",
            parse: { (text) throws(Complaint) in
                if text.isEmpty { return .some(nil) }
                guard !text.unicodeScalars.contains(where: isControl) else {
                    throw Complaint("a path has no control characters")
                }
                return text
            },
            print: { quoted($0 ?? "") }
        )
    }

    /// The name of a system group; empty for none.
    static var groupName: FieldKind {
        .scalar(
            expected: "the name of a group such as touchpoint-operators, or \"\"",
            parse: { (text) throws(Complaint) in
                if text.isEmpty { return .some(nil) }
                let isSafe = text.unicodeScalars.allSatisfy(Settings.isNameScalar)
                guard isSafe, text.utf8.count <= 64, !text.hasPrefix("-") else {
                    throw Complaint(
                        "'\(text)' is no name of a group: 1 to 64 letters, digits, '.', '_' and"
                            + " '-', not starting with '-'"
                    )
                }
                return text
            },
            print: { quoted($0 ?? "") }
        )
    }

    /// `host:port`, or `off`.
    static var listener: FieldKind {
        .scalar(
            expected: "host:port such as 127.0.0.1:9571, or off",
            parse: { (text) throws(Complaint) in
                if text == "off" { return .some(nil) }
                guard let parts = HostPort(text) else { return nil }
                guard let port = parts.port, port <= 65_535 else {
                    throw Complaint("port \(parts.portText) of '\(text)' is outside 0...65535")
                }
                return text
            },
            print: { $0.map(quoted) ?? "off" }
        )
    }
}
