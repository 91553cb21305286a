// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// The language rules of every Swift target, set at the end of this file: explicit `any`, explicit
/// access levels of imports, and no warnings.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")

let package = Package(
    name: "touchpoint",
    products: [
        .executable(name: "touchpointd", targets: ["touchpointd"]),
        .executable(name: "touchpointctl", targets: ["touchpointctl"]),
        .executable(name: "touchpoint-send", targets: ["touchpoint-send"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Floor 0: C libraries, unchanged or with a header of our own.
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CISAL", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        .target(
            name: "CSimdJSON",
            cxxSettings: [.define("NDEBUG", .when(configuration: .release))],
            linkerSettings: [.linkedLibrary("simdjson")]
        ),
        .target(name: "CPlatform"),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),

        // Floor 1: one mechanism per target, without knowledge of events.
        .target(name: "Platform", dependencies: ["CPlatform"]),
        .target(name: "Agents", dependencies: ["Platform"]),
        .target(name: "Ring", dependencies: ["Platform"]),
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ"]),
        .target(name: "Compression", dependencies: ["CZlib", "CISAL"]),
        .target(name: "Terminal"),
        .target(name: "YAML", dependencies: [.product(name: "Yams", package: "Yams")]),
        .target(name: "Digest", dependencies: ["COpenSSL"]),
        .target(name: "Wire", dependencies: ["CSodium"]),

        // Floor 2: the definition of an event.
        .target(name: "Events", dependencies: ["CSimdJSON", "Platform"]),
        .target(name: "Dedup", dependencies: ["Platform"]),
        .target(name: "Keys", dependencies: ["Platform", "Wire"]),
        .target(name: "Disk", dependencies: ["Platform"]),
        .target(name: "Webhooks", dependencies: ["Digest"]),

        // Floor 3: the two ends of the path, the producer's side of the wire, and what events must be.
        .target(name: "Plan", dependencies: ["CRE2", "Events"]),
        .target(name: "Intake", dependencies: ["Agents", "Ring", "Platform"]),
        .target(
            name: "Archive",
            dependencies: ["Compression", "Dedup", "Digest", "Disk", "Events", "Platform"]
        ),

        // Floor 4: operations on segments.
        .target(
            name: "Storage",
            dependencies: [
                "Archive", "Compression", "Dedup", "Digest", "Disk", "Events", "Platform",
            ]
        ),
        .target(
            name: "Recovery",
            dependencies: ["Archive", "Compression", "Dedup", "Disk", "Events", "Platform"]
        ),
        .target(
            name: "Inspection",
            dependencies: ["Archive", "Compression", "Disk", "Events", "Platform"]
        ),
        .target(
            name: "Producer",
            dependencies: ["ZeroMQ", "Compression", "Platform", "Terminal", "Events", "Wire"]
        ),

        .target(
            name: "PlanFiles",
            dependencies: ["Plan", "Platform", "YAML", .product(name: "Yams", package: "Yams")]
        ),

        // Floor 4: the kinds of source.
        .target(
            name: "ZeroMQSource",
            dependencies: ["Agents", "Intake", "Platform", "Ring", "Wire", "ZeroMQ"]
        ),
        .target(
            name: "ZMTPSource",
            dependencies: ["Agents", "Intake", "Keys", "Platform", "Ring", "Wire"]
        ),
        .target(
            name: "HTTPSource",
            dependencies: [
                "Agents", "Digest", "Intake", "Platform", "Ring", "Webhooks", nioCore, nioPosix,
                nioHTTP1, nioHTTP2, nioTLS, nioSSL,
            ]
        ),

        // Floor 5: read, judge, file: a writer without its thread.
        .target(
            name: "Filing",
            dependencies: [
                "Archive", "Compression", "Dedup", "Disk", "Events", "Intake", "Plan", "Platform",
                "Ring", "Storage",
            ]
        ),

        // Floor 6: the path and, separately, the control socket.
        .target(
            name: "Pipeline",
            dependencies: [
                "Agents", "Archive", "Compression", "Dedup", "Disk", "Events", "Filing", "Intake",
                "Plan", "Platform", "Ring", "Storage",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]
        ),
        .target(
            name: "Control",
            dependencies: ["Events", "Platform", "Terminal", nioCore, nioPosix]
        ),

        .target(
            name: "Configuration",
            dependencies: [
                "Dedup", "Events", "Plan", "Platform", "Terminal", "Webhooks", "YAML",
                .product(name: "Yams", package: "Yams"),
            ]
        ),

        // Floor 7: the path and the control socket, joined.
        .target(
            name: "Daemon",
            dependencies: [
                "Archive", "Compression", "Configuration", "Control", "Dedup", "Disk", "Events",
                "HTTPSource", "Intake", "Keys", "Pipeline", "Plan", "PlanFiles", "Platform",
                "Recovery", "Storage", "Terminal", "Webhooks", "ZMTPSource", "ZeroMQ",
                "ZeroMQSource", nioCore, nioPosix, nioHTTP1,
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),

        // Floor 8: programs: arguments in, one call, an exit code out.
        .executableTarget(
            name: "touchpointd",
            dependencies: [
                "Configuration", "Daemon", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(
            name: "touchpointctl",
            dependencies: [
                "Archive", "Control", "Disk", "Events", "Inspection", "Keys", "Plan", "PlanFiles",
                "Platform", "Producer", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(
            name: "touchpoint-send",
            dependencies: [
                "Keys", "Producer", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),

        // Tests, one target per module, and what they share.
        .target(
            name: "TestSupport",
            dependencies: ["Compression", "Platform"],
            path: "Tests/TestSupport"
        ),
        .target(
            name: "FilingSupport",
            dependencies: [
                "Archive", "Dedup", "Disk", "Events", "Filing", "Intake", "Plan", "Platform",
                "Ring", "Storage",
            ],
            path: "Tests/FilingSupport"
        ),
        .target(
            name: "Simulation",
            dependencies: [
                "Archive", "Compression", "Dedup", "Disk", "Events", "Filing", "FilingSupport",
                "Inspection", "Platform", "Recovery", "Storage", "TestSupport",
            ],
            path: "Tests/Simulation"
        ),
        .target(
            name: "SegmentSupport",
            dependencies: [
                "Archive", "Compression", "Disk", "Events", "Recovery", "Simulation", "TestSupport",
            ],
            path: "Tests/SegmentSupport"
        ),
        .testTarget(name: "AgentsTests", dependencies: ["Agents"]),
        .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestSupport"]),
        .testTarget(name: "RingTests", dependencies: ["Ring", "TestSupport"]),
        .testTarget(name: "ZeroMQTests", dependencies: ["ZeroMQ", "TestSupport"]),
        .testTarget(name: "CompressionTests", dependencies: ["Compression", "TestSupport"]),
        .testTarget(name: "WireTests", dependencies: ["Wire", "ZeroMQ", "TestSupport"]),
        .testTarget(name: "KeysTests", dependencies: ["Keys", "Wire", "TestSupport"]),
        .testTarget(name: "DigestTests", dependencies: ["Digest", "TestSupport"]),
        .testTarget(
            name: "WebhooksTests",
            dependencies: ["Webhooks", "Digest", "TestSupport"],
            exclude: ["vectors.json", "vectors.py"]
        ),
        .testTarget(name: "TerminalTests", dependencies: ["Terminal"]),
        .testTarget(name: "EventsTests", dependencies: ["Events", "Platform", "TestSupport"]),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"]),
        .testTarget(name: "PlanFilesTests", dependencies: ["Plan", "PlanFiles", "TestSupport"]),
        .testTarget(name: "PlanTests", dependencies: ["Events", "Plan", "TestSupport"]),
        .testTarget(name: "DedupTests", dependencies: ["Dedup", "TestSupport"]),
        .testTarget(name: "DiskTests", dependencies: ["Disk", "SegmentSupport", "TestSupport"]),
        .testTarget(
            name: "ArchiveTests",
            dependencies: [
                "Archive", "Dedup", "Disk", "Events", "SegmentSupport", "Simulation", "TestSupport",
            ]
        ),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Archive", "Compression", "Dedup", "Digest", "Disk", "Events", "Filing",
                "FilingSupport", "Inspection", "Platform", "Recovery", "SegmentSupport",
                "Simulation", "Storage", "TestSupport",
            ]
        ),
        .testTarget(
            name: "RecoveryTests",
            dependencies: [
                "Archive", "Compression", "Dedup", "Disk", "Events", "Inspection", "Platform",
                "Recovery", "SegmentSupport", "Simulation", "TestSupport",
            ]
        ),
        .testTarget(
            name: "InspectionTests",
            dependencies: [
                "Archive", "Compression", "Disk", "Events", "Inspection", "SegmentSupport",
                "Simulation", "TestSupport",
            ]
        ),
        .testTarget(
            name: "FilingTests",
            dependencies: [
                "Archive", "Compression", "Dedup", "Disk", "Events", "Filing", "FilingSupport",
                "Intake", "Plan", "Storage", "TestSupport",
            ]
        ),
        .testTarget(
            name: "IntakeTests",
            dependencies: ["Agents", "Intake", "Platform", "Ring", "TestSupport"]
        ),
        .testTarget(
            name: "SourcesTests",
            dependencies: [
                "Agents", "HTTPSource", "Intake", "Platform", "Ring", "TestSupport", "Wire",
                "ZMTPSource", "ZeroMQ", "ZeroMQSource", nioCore, nioHTTP1,
            ]
        ),
        .testTarget(
            name: "ProducerTests",
            dependencies: ["Producer", "ZeroMQ", "Compression", "Wire", "TestSupport"]
        ),
        .testTarget(
            name: "PipelineTests",
            dependencies: [
                "Agents", "Archive", "Dedup", "Disk", "Events", "Filing", "Inspection", "Intake",
                "Pipeline", "Platform", "Recovery", "Ring", "SegmentSupport", "Storage",
                "TestSupport", "ZeroMQ", "ZeroMQSource",
            ]
        ),
        .testTarget(name: "ControlTests", dependencies: ["Control", "Platform", "TestSupport"]),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: ["Configuration", "TestSupport", "Webhooks"]
        ),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Archive", "Compression", "Configuration", "Control", "Daemon", "Disk", "Events",
                "Inspection", "Intake", "Pipeline", "Platform", "Recovery", "Storage",
                "TestSupport", "ZeroMQ", "ZeroMQSource",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(name: "HouseTests", dependencies: ["TestSupport"]),
    ],
    cxxLanguageStandard: .cxx17
)

// Benchmarks see `package` declarations only from inside this package, so their targets are here,
// but only when requested by TOUCHPOINT_BENCHMARKS=1: make stage-bench
if ProcessInfo.processInfo.environment["TOUCHPOINT_BENCHMARKS"] != nil {
    package.targets += [
        .target(name: "CSPSCRing", path: "Benchmarks/CSPSCRing"),
        .executableTarget(
            name: "stage-bench",
            dependencies: [
                "Archive", "Compression", "CSPSCRing", "Dedup", "Disk", "Events", "Filing",
                "FilingSupport", "Intake", "Plan", "Platform", "Producer", "Ring", "Storage",
                "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/stages"
        ),
    ]
}

// The same for the program that explores crashes, by TOUCHPOINT_SIMULATION=1: make crash-explorer
if ProcessInfo.processInfo.environment["TOUCHPOINT_SIMULATION"] != nil {
    package.targets += [
        .executableTarget(
            name: "crash-explorer",
            dependencies: [
                "Archive", "Disk", "Recovery", "Simulation", "Terminal", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/CrashExplorer"
        )
    ]
}

// The same for the program that feeds random bytes to every reader of them, by TOUCHPOINT_FUZZ=1: make fuzz
if ProcessInfo.processInfo.environment["TOUCHPOINT_FUZZ"] != nil {
    package.targets += [
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Archive", "Compression", "Configuration", "Control", "Disk", "Events",
                "Inspection", "Recovery", "SegmentSupport", "Simulation", "TestSupport", "Wire",
            ],
            path: "Tests/Fuzz",
            exclude: ["Corpus"]
        )
    ]
}

// Targets of C have no Swift to check; a module map has no settings at all.
for target in package.targets where target.type != .system {
    target.swiftSettings = strict
}
