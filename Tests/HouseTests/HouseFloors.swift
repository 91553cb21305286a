/// The house, floor by floor: what each target stands on, and what it may import.
enum HouseFloors {
    struct Room {
        let floor: Int
        /// Targets below, and modules of other packages.
        let imports: Set<String>
        /// Whether Foundation may be used: not where every event passes.
        var foundation = true
    }

    static let rooms: [String: Room] = [
        "CZeroMQ": Room(floor: 0, imports: []),
        "CZlib": Room(floor: 0, imports: []),
        "CISAL": Room(floor: 0, imports: []),
        "COpenSSL": Room(floor: 0, imports: []),
        "CSimdJSON": Room(floor: 0, imports: []),
        "CPlatform": Room(floor: 0, imports: []),
        "Ring": Room(floor: 1, imports: ["CPlatform"], foundation: false),
        "ZeroMQ": Room(floor: 1, imports: ["CZeroMQ"], foundation: false),
        "Compression": Room(floor: 1, imports: ["CZlib", "CISAL"], foundation: false),
        "Terminal": Room(floor: 1, imports: []),
        "Dedup": Room(floor: 2, imports: ["CPlatform"], foundation: false),
        "Events": Room(floor: 2, imports: ["CSimdJSON"], foundation: false),
        "Intake": Room(floor: 3, imports: ["Ring", "ZeroMQ", "CPlatform"], foundation: false),
        "Segments": Room(
            floor: 3,
            imports: ["Compression", "Dedup", "Events", "COpenSSL", "CPlatform"]
        ),
        "Producer": Room(floor: 3, imports: ["ZeroMQ", "Compression", "Events"]),
        "Pipeline": Room(
            floor: 4,
            imports: [
                "Ring", "ZeroMQ", "Compression", "Dedup", "Events", "Intake", "Segments",
                "CPlatform", "Histogram",
            ],
            foundation: false
        ),
        "Control": Room(floor: 4, imports: ["CPlatform", "Events", "NIOCore", "NIOPosix"]),
        "Daemon": Room(
            floor: 5,
            imports: [
                "Compression", "Control", "Dedup", "Events", "Intake", "Pipeline", "Segments",
                "Terminal", "CPlatform", "Logging", "NIOCore", "NIOPosix", "NIOHTTP1",
                "UnixSignals", "Yams",
            ]
        ),
        "touchpointd": Room(floor: 6, imports: ["Daemon", "Terminal", "ArgumentParser"]),
        "touchpointctl": Room(
            floor: 6,
            imports: ["Control", "Events", "Producer", "Segments", "Terminal", "ArgumentParser"]
        ),
        "touchpoint-send": Room(floor: 6, imports: ["Producer", "Terminal", "ArgumentParser"]),
    ]

    /// What comes with the toolchain and is open to all.
    static let system: Set<String> = ["Swift", "Glibc", "Synchronization", "Dispatch"]

    /// C modules, and the one target that makes Swift of each.
    static let soleImporter = [
        "CZeroMQ": "ZeroMQ", "CZlib": "Compression", "CISAL": "Compression",
        "CSimdJSON": "Events", "COpenSSL": "Segments",
    ]
}
