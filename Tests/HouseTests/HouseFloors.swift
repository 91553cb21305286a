/// The house, floor by floor: what each target stands on, and what it may import.
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
        "CSimdJSON": Room(floor: 0, imports: []),
        "CPlatform": Room(floor: 0, imports: []),
        "Agents": Room(floor: 1, imports: ["CPlatform"], foundation: .none),
        "Ring": Room(floor: 1, imports: ["CPlatform"], foundation: .none),
        "ZeroMQ": Room(floor: 1, imports: ["CZeroMQ"], foundation: .none),
        "Compression": Room(floor: 1, imports: ["CZlib", "CISAL"], foundation: .none),
        "Terminal": Room(floor: 1, imports: []),
        "Dedup": Room(floor: 2, imports: ["CPlatform"], foundation: .none),
        "Events": Room(floor: 2, imports: ["CSimdJSON"], foundation: .none),
        "Intake": Room(floor: 3, imports: ["Agents", "Ring", "CPlatform"], foundation: .none),
        "Segments": Room(
            floor: 3,
            imports: ["Compression", "Dedup", "Events", "COpenSSL", "CPlatform"]
        ),
        "Producer": Room(floor: 3, imports: ["ZeroMQ", "Compression", "Terminal", "Events"]),
        "ZeroMQSource": Room(
            floor: 4,
            imports: ["Agents", "Intake", "ZeroMQ", "CPlatform"],
            foundation: .none
        ),
        "Filing": Room(
            floor: 4,
            imports: [
                "Ring", "Compression", "Dedup", "Events", "Intake", "Segments", "CPlatform",
            ],
            foundation: .none
        ),
        "Pipeline": Room(
            floor: 5,
            imports: [
                "Agents", "Ring", "Compression", "Dedup", "Events", "Filing", "Intake",
                "Segments", "CPlatform", "Histogram",
            ],
            foundation: .none
        ),
        "Control": Room(floor: 5, imports: ["CPlatform", "Events", "NIOCore", "NIOPosix"]),
        "Daemon": Room(
            floor: 6,
            imports: [
                "Compression", "Control", "Dedup", "Events", "Intake", "Pipeline", "Segments",
                "Terminal", "ZeroMQSource", "CPlatform", "Logging", "NIOCore", "NIOPosix",
                "NIOHTTP1",
                "UnixSignals", "Yams",
            ],
            foundation: .all
        ),
        "touchpointd": Room(floor: 7, imports: ["Daemon", "Terminal", "ArgumentParser"]),
        "touchpointctl": Room(
            floor: 7,
            imports: ["Control", "Events", "Producer", "Segments", "Terminal", "ArgumentParser"]
        ),
        "touchpoint-send": Room(floor: 7, imports: ["Producer", "Terminal", "ArgumentParser"]),
    ]

    /// What comes with the toolchain and is open to all.
    static let system: Set<String> = ["Swift", "Glibc", "Synchronization", "Dispatch"]

    /// C modules, and the one target that makes Swift of each.
    static let soleImporter = [
        "CZeroMQ": "ZeroMQ", "CZlib": "Compression", "CISAL": "Compression",
        "CSimdJSON": "Events", "COpenSSL": "Segments",
    ]
}
