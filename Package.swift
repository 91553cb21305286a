// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// The language rules of every Swift target: explicit `any` and levels of imports, no warnings.
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

        // Floor 1: one mechanism per target, without knowledge of events.
        .target(name: "Platform", dependencies: ["CPlatform"], swiftSettings: strict),
        .target(name: "Agents", dependencies: ["Platform"], swiftSettings: strict),
        .target(name: "Ring", dependencies: ["Platform"], swiftSettings: strict),
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ"], swiftSettings: strict),
        .target(name: "Compression", dependencies: ["CZlib", "CISAL"], swiftSettings: strict),
        .target(name: "Terminal", swiftSettings: strict),
        .target(name: "Digest", dependencies: ["COpenSSL"], swiftSettings: strict),
        .target(name: "Wire", dependencies: ["CSodium"], swiftSettings: strict),

        // Floor 2: the definition of an event.
        .target(name: "Events", dependencies: ["CSimdJSON", "Platform"], swiftSettings: strict),
        .target(name: "Dedup", dependencies: ["Platform"], swiftSettings: strict),
        .target(name: "Keys", dependencies: ["Platform", "Wire"], swiftSettings: strict),
        .target(name: "Disk", dependencies: ["Platform"], swiftSettings: strict),

        // Floor 3: the two ends of the path, and the producer's side of the wire.
        .target(
            name: "Intake",
            dependencies: ["Agents", "Ring", "Platform"],
            swiftSettings: strict
        ),
        .target(
            name: "Archive",
            dependencies: ["Compression", "Dedup", "Digest", "Disk", "Events", "Platform"],
            swiftSettings: strict
        ),

        // Floor 4: operations on segments.
        .target(
            name: "Storage",
            dependencies: [
                "Archive", "Compression", "Dedup", "Digest", "Disk", "Events", "Platform",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Recovery",
            dependencies: ["Archive", "Compression", "Dedup", "Disk", "Events", "Platform"],
            swiftSettings: strict
        ),
        .target(
            name: "Inspection",
            dependencies: ["Archive", "Compression", "Disk", "Events", "Platform"],
            swiftSettings: strict
        ),
        .target(
            name: "Producer",
            dependencies: ["ZeroMQ", "Compression", "Platform", "Terminal", "Events", "Wire"],
            swiftSettings: strict
        ),

        // Floor 4: the kinds of source.
        .target(
            name: "ZeroMQSource",
            dependencies: ["Agents", "Intake", "Platform", "Ring", "Wire", "ZeroMQ"],
            swiftSettings: strict
        ),
        .target(
            name: "ZMTPSource",
            dependencies: ["Agents", "Intake", "Keys", "Platform", "Ring", "Wire"],
            swiftSettings: strict
        ),
        .target(
            name: "HTTPSource",
            dependencies: [
                "Agents", "Intake", "Platform", "Ring", nioCore, nioPosix, nioHTTP1, nioTLS, nioSSL,
            ],
            swiftSettings: strict
        ),

        // Floor 5: read, judge, file: a writer without its thread.
        .target(
            name: "Filing",
            dependencies: [
                "Archive", "Compression", "Dedup", "Disk", "Events", "Intake", "Platform", "Ring",
                "Storage",
            ],
            swiftSettings: strict
        ),

        // Floor 6: the path and, separately, the control socket.
        .target(
            name: "Pipeline",
            dependencies: [
                "Agents", "Archive", "Compression", "Dedup", "Disk", "Events", "Filing", "Intake",
                "Platform", "Ring", "Storage",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Control",
            dependencies: ["Events", "Platform", "Terminal", nioCore, nioPosix],
            swiftSettings: strict
        ),
        .target(
            name: "Configuration",
            dependencies: [
                "Dedup", "Events", "Platform", "Terminal",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),

        // Floor 7: the path and the control socket, joined.
        .target(
            name: "Daemon",
            dependencies: [
                "Archive", "Compression", "Configuration", "Control", "Dedup", "Disk", "Events",
                "HTTPSource", "Intake", "Keys", "Pipeline", "Platform", "Recovery", "Storage",
                "Terminal", "ZMTPSource", "ZeroMQ", "ZeroMQSource", nioCore, nioPosix, nioHTTP1,
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),

        // Floor 8: programs: arguments in, one call, an exit code out.
        .executableTarget(
            name: "touchpointd",
            dependencies: [
                "Configuration", "Daemon", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "touchpointctl",
            dependencies: [
                "Archive", "Control", "Disk", "Events", "Inspection", "Keys", "Platform",
                "Producer", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "touchpoint-send",
            dependencies: [
                "Keys", "Producer", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // Tests, one target per module, and what they share.
        .target(
            name: "TestSupport",
            dependencies: ["Compression", "Platform"],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .target(
            name: "FilingSupport",
            dependencies: [
                "Archive", "Dedup", "Disk", "Events", "Filing", "Intake", "Platform", "Ring",
                "Storage",
            ],
            path: "Tests/FilingSupport",
            swiftSettings: strict
        ),
        .target(
            name: "Simulation",
            dependencies: [
                "Archive", "Compression", "Dedup", "Disk", "Events", "Filing", "FilingSupport",
                "Inspection", "Platform", "Recovery", "Storage", "TestSupport",
            ],
            path: "Tests/Simulation",
            swiftSettings: strict
        ),
        .target(
            name: "SegmentSupport",
            dependencies: [
                "Archive", "Compression", "Disk", "Events", "Recovery", "Simulation", "TestSupport",
            ],
            path: "Tests/SegmentSupport",
            swiftSettings: strict
        ),
        .testTarget(name: "AgentsTests", dependencies: ["Agents"], swiftSettings: strict),
        .testTarget(
            name: "PlatformTests",
            dependencies: ["Platform", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RingTests",
            dependencies: ["Ring", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ZeroMQTests",
            dependencies: ["ZeroMQ", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CompressionTests",
            dependencies: ["Compression", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WireTests",
            dependencies: ["Wire", "ZeroMQ", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "KeysTests",
            dependencies: ["Keys", "Wire", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(name: "TerminalTests", dependencies: ["Terminal"], swiftSettings: strict),
        .testTarget(
            name: "EventsTests",
            dependencies: ["Events", "Platform", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DedupTests",
            dependencies: ["Dedup", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DiskTests",
            dependencies: ["Disk", "SegmentSupport", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ArchiveTests",
            dependencies: [
                "Archive", "Dedup", "Disk", "Events", "SegmentSupport", "Simulation", "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Archive", "Compression", "Dedup", "Digest", "Disk", "Events", "Filing",
                "FilingSupport", "Inspection", "Platform", "Recovery", "SegmentSupport",
                "Simulation", "Storage", "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RecoveryTests",
            dependencies: [
                "Archive", "Compression", "Dedup", "Disk", "Events", "Inspection", "Platform",
                "Recovery", "SegmentSupport", "Simulation", "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "InspectionTests",
            dependencies: [
                "Archive", "Compression", "Disk", "Events", "Inspection", "SegmentSupport",
                "Simulation", "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "FilingTests",
            dependencies: [
                "Archive", "Compression", "Dedup", "Disk", "Events", "Filing", "FilingSupport",
                "Intake", "Storage", "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "IntakeTests",
            dependencies: ["Agents", "Intake", "Platform", "Ring", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SourcesTests",
            dependencies: [
                "Agents", "HTTPSource", "Intake", "Platform", "Ring", "TestSupport", "Wire",
                "ZMTPSource", "ZeroMQ", "ZeroMQSource", nioCore, nioHTTP1,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ProducerTests",
            dependencies: ["Producer", "ZeroMQ", "Compression", "Wire", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PipelineTests",
            dependencies: [
                "Agents", "Archive", "Dedup", "Disk", "Events", "Filing", "Inspection", "Intake",
                "Pipeline", "Platform", "Recovery", "Ring", "SegmentSupport", "Storage",
                "TestSupport", "ZeroMQ", "ZeroMQSource",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ControlTests",
            dependencies: ["Control", "Platform", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: ["Configuration", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Archive", "Compression", "Configuration", "Control", "Daemon", "Disk", "Events",
                "Inspection", "Intake", "Pipeline", "Platform", "Recovery", "Storage",
                "TestSupport", "ZeroMQ", "ZeroMQSource",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "HouseTests", dependencies: ["TestSupport"], swiftSettings: strict),
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
                "FilingSupport", "Intake", "Platform", "Producer", "Ring", "Storage", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/stages",
            swiftSettings: strict
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
            path: "Tests/CrashExplorer",
            swiftSettings: strict
        )
    ]
}
