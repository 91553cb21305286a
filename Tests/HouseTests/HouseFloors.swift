/// The floors of the house: what each target depends on, and what it may import.
enum HouseFloors {
    struct Room {
        let floor: Int
        /// Targets below, and modules of other packages.
        let imports: Set<String>
        /// How much of Foundation may be used.
        var foundation = Foundation.essentials

        enum Foundation {
            /// Where every event passes.
            case none
            /// FoundationEssentials: all of it would link 34 MB of ICU's tables into each program.
            case essentials
            /// Where a library brings all of it anyway.
            case all
        }
    }

    static let rooms: [String: Room] = [
        "CZeroMQ": Room(floor: 0, imports: []),
        "CZlib": Room(floor: 0, imports: []),
        "CISAL": Room(floor: 0, imports: []),
        "COpenSSL": Room(floor: 0, imports: []),
        "CSodium": Room(floor: 0, imports: []),
        "CSimdJSON": Room(floor: 0, imports: []),
        "CPlatform": Room(floor: 0, imports: []),
        "CRE2": Room(floor: 0, imports: []),
        "Platform": Room(floor: 1, imports: ["CPlatform"], foundation: .none),
        "Agents": Room(floor: 2, imports: ["Platform"], foundation: .none),
        "Ring": Room(floor: 2, imports: ["Platform"], foundation: .none),
        "ZeroMQ": Room(floor: 1, imports: ["CZeroMQ"], foundation: .none),
        "Compression": Room(floor: 1, imports: ["CZlib", "CISAL"], foundation: .none),
        "Terminal": Room(floor: 1, imports: []),
        "YAML": Room(floor: 1, imports: ["Yams"], foundation: .none),
        "Dedup": Room(floor: 2, imports: ["Platform"], foundation: .none),
        "Keys": Room(floor: 2, imports: ["Platform", "Wire"], foundation: .none),
        "Events": Room(floor: 2, imports: ["CSimdJSON", "Platform"], foundation: .none),
        "Plan": Room(floor: 3, imports: ["CRE2", "Events"], foundation: .none),
        "PlanFiles": Room(
            floor: 4,
            imports: ["Plan", "Platform", "YAML", "Yams"],
            foundation: .none
        ),
        "Intake": Room(floor: 3, imports: ["Agents", "Platform", "Ring"], foundation: .none),
        "ZeroMQSource": Room(
            floor: 4,
            imports: ["Agents", "Intake", "Platform", "Ring", "Wire", "ZeroMQ"],
            foundation: .none
        ),
        "ZMTPSource": Room(
            floor: 4,
            imports: ["Agents", "Intake", "Keys", "Platform", "Ring", "Wire"],
            foundation: .none
        ),
        "HTTPSource": Room(
            floor: 4,
            imports: [
                "Agents", "Digest", "Intake", "Platform", "Ring", "Webhooks", "NIOCore", "NIOPosix",
                "NIOHTTP1", "NIOHTTP2", "NIOTLS", "NIOSSL",
            ],
            foundation: .none
        ),
        "Digest": Room(floor: 1, imports: ["COpenSSL"]),
        "Wire": Room(floor: 1, imports: ["CSodium"], foundation: .none),
        "Webhooks": Room(floor: 2, imports: ["Digest"], foundation: .none),
        "Disk": Room(floor: 2, imports: ["Platform"]),
        "Archive": Room(
            floor: 3,
            imports: ["Compression", "Dedup", "Digest", "Disk", "Events", "Platform"]
        ),
        "Storage": Room(
            floor: 4,
            imports: ["Archive", "Compression", "Dedup", "Digest", "Disk", "Events", "Platform"]
        ),
        "Recovery": Room(
            floor: 4,
            imports: ["Archive", "Compression", "Dedup", "Disk", "Events", "Platform"]
        ),
        "Inspection": Room(
            floor: 4,
            imports: ["Archive", "Compression", "Disk", "Events", "Platform"]
        ),
        "Producer": Room(
            floor: 3,
            imports: ["ZeroMQ", "Compression", "Platform", "Terminal", "Events", "Wire"]
        ),
        "Filing": Room(
            floor: 5,
            imports: [
                "Archive", "Compression", "Dedup", "Disk", "Events", "Intake", "Plan", "Platform",
                "Ring", "Storage",
            ],
            foundation: .none
        ),
        "Pipeline": Room(
            floor: 6,
            imports: [
                "Agents", "Archive", "Compression", "Dedup", "Disk", "Events", "Filing", "Intake",
                "Plan", "Platform", "Ring", "Storage", "Histogram",
            ],
            foundation: .none
        ),
        "Control": Room(
            floor: 6,
            imports: ["Events", "Platform", "Terminal", "NIOCore", "NIOPosix"]
        ),
        "Configuration": Room(
            floor: 6,
            imports: [
                "Dedup", "Events", "Plan", "Platform", "Terminal", "Webhooks", "YAML", "Yams",
            ],
            foundation: .all
        ),
        "Daemon": Room(
            floor: 7,
            imports: [
                "Compression", "Control", "Dedup", "Events", "Intake", "Pipeline", "Storage",
                "Terminal", "Keys", "ZMTPSource", "ZeroMQ", "ZeroMQSource", "Platform", "Logging",
                "NIOCore",
                "NIOPosix", "NIOHTTP1", "HTTPSource", "ServiceLifecycle", "UnixSignals", "Disk",
                "Archive",
                "Recovery", "Configuration", "Webhooks", "Plan", "PlanFiles",
            ],
            foundation: .all
        ),
        "touchpointd": Room(
            floor: 8,
            imports: ["Daemon", "Terminal", "ArgumentParser", "Configuration"]
        ),
        "touchpointctl": Room(
            floor: 8,
            imports: [
                "Control", "Events", "Platform", "Producer", "Terminal", "ArgumentParser", "Disk",
                "Archive", "Inspection", "Keys", "Plan", "PlanFiles",
            ]
        ),
        "touchpoint-send": Room(
            floor: 8,
            imports: ["Keys", "Producer", "Terminal", "ArgumentParser"]
        ),
    ]

    /// Modules of the toolchain, open to all targets.
    static let system: Set<String> = ["Swift", "Glibc", "Synchronization", "Dispatch"]

    /// Modules that few targets may import: of C, the one that makes Swift of it.
    static let importers: [String: Set<String>] = [
        "CZeroMQ": ["ZeroMQ"], "CZlib": ["Compression"], "CISAL": ["Compression"],
        "CSimdJSON": ["Events"], "COpenSSL": ["Digest"], "CPlatform": ["Platform"],
        "CSodium": ["Wire"], "CRE2": ["Plan"],
        "Yams": ["YAML", "Configuration", "PlanFiles"],
    ]
}
