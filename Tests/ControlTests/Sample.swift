import Control

/// Sample answers with a value in every field.
enum Sample {
    static let time = "2026-11-22T10:00:00.123456Z"

    static let status = StatusAnswer(
        state: .blocked,
        since: time,
        why: "no space left",
        configuration: "/etc/touchpointd.yaml",
        reloadRefused: "x.yaml:1: unknown key",
        node: "c1",
        run: "r1",
        version: "1.2.3",
        pid: 42,
        sources: [
            SourceStatus(
                name: "reliable",
                pattern: "router",
                endpoints: ["tcp://127.0.0.1:5572"],
                state: .paused
            )
        ],
        disk: DiskStatus(
            directory: "/data",
            totalBytes: 1000,
            availableBytes: 250,
            availableFiles: 40,
            minimumFreeBytes: 100
        ),
        recovery: RecoveryStatus(
            state: "done",
            filesFound: 2,
            filesRecovered: 2,
            eventsRecovered: 30
        ),
        dedup: dedup,
        quarantine: QuarantineStatus(
            state: "full",
            why: "1073741824 bytes, quarantine.maxBytes is 1073741824",
            bytes: 1 << 30,
            maxBytes: 1 << 30,
            maxAgeSeconds: 2_592_000,
            refusedMessages: 3,
            removedFiles: 4
        ),
        ledgerBalanced: true
    )

    static let producers: ProducersAnswer = {
        var shop = ProducerStats(source: "reliable", name: "shop", kind: "key")
        (shop.traffic.bytes, shop.ledger.quarantined) = (1_000, 2)
        shop.refusal = ProducerStats.Refusal(reason: "quota", at: time)
        var till = ProducerStats(source: "reliable", name: "till", kind: "key")
        (till.traffic.bytes, till.ledger.quarantined, till.connections.count) = (2_000, 1, 1)
        till.connections.since = time
        return ProducersAnswer(
            producers: [shop, till, ProducerStats(source: "tracker", kind: "others")]
        )
    }()

    static let dedup = DedupStatus(
        state: "incomplete",
        why: "ids of 1 segments cannot be read",
        ids: 1_000,
        bytes: 40_000,
        maxMemoryBytes: 1 << 28,
        windowSeconds: 86_400,
        coveredSeconds: 3_600,
        forgotten: 7,
        loaded: 500,
        loadedPerSecond: 100_000,
        waitingAnswers: 2
    )

    static let partition = PartitionAnswer(
        path: "channel=web/date=2026-11-22/hour=10",
        events: 5,
        bytes: 2325,
        compressedBytes: 420,
        ageSeconds: 1.5,
        lastCommit: time
    )

    static func ledger(received: Int) -> Ledger {
        Ledger(
            received: received + 10,
            written: received,
            quarantined: 4,
            duplicate: 3,
            dropped: 2,
            inFlight: 1,
            reasons: Ledger.Reasons(
                dropped: ["forced": 2],
                quarantined: ["invalid_json": 3, "too_deep": 1]
            )
        )
    }

    static func stats(
        received: Int = 90,
        time: String = time,
        run: String = "r1",
        cpuSeconds: Double = 1.25
    ) -> StatsAnswer {
        var source = SourceStats(
            state: .running,
            ledger: ledger(received: received + 1_000),
            thisRun: ledger(received: received)
        )
        source.messages = 9
        source.bytes = received * 100
        source.peers = 2
        return StatsAnswer(
            time: time,
            state: .running,
            why: "paused by an operator: other",
            run: run,
            ledger: ledger(received: received + 1_000),
            thisRun: ledger(received: received),
            sources: ["reliable": source],
            channels: ["web": ChannelStats(events: received)],
            rates: [
                "1s": RateStats(events: 10, bytes: 4650), "10s": RateStats(events: 9, bytes: 4000),
                "60s": RateStats(events: 8, bytes: 3000),
            ],
            rings: [
                RingStats(
                    source: "reliable",
                    writer: 0,
                    capacity: 1024,
                    used: 256,
                    highWater: 512,
                    full: 1
                )
            ],
            writers: [WriterStats(events: received, openSegments: 3)],
            openSegments: 3,
            commit: CommitStats(
                count: 11,
                recent: 5,
                p50us: 900,
                p99us: 2500,
                p999us: 3000,
                maxus: 4000
            ),
            acknowledgements: AcknowledgementStats(sent: 8, dropped: 1),
            bytes: ByteStats(raw: 5000, compressed: 1000),
            process: ProcessStats(cpuSeconds: cpuSeconds, rssBytes: 1 << 20),
            dedup: dedup
        )
    }
}
