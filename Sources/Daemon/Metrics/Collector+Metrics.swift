import Control
import Events
import Pipeline

/// The Prometheus names of the daemon's numbers.
extension Collector {
    /// All metrics of this moment.
    func metrics() async -> [Metric] {
        guard let stats = try? await stats() else { return [] }
        return sourceMetrics(stats.sources.sorted { $0.key < $1.key })
            + pathMetrics(stats) + stateMetrics(stats) + dedupMetrics(stats.dedup)
    }

    /// What is counted by source.
    private func sourceMetrics(_ sources: [(key: String, value: SourceStats)]) -> [Metric] {
        func bySource(_ name: String, _ help: String, _ value: (SourceStats) -> Int) -> Metric {
            let samples = sources.map {
                Metric.Sample(Double(value($0.value)), labels: [Metric.Label("source", $0.key)])
            }
            return Metric(name, help: help, kind: .counter, samples: samples)
        }
        return [
            bySource("touchpoint_events_received_total", "Events read from messages.") {
                $0.ledger.received
            },
            bySource("touchpoint_events_written_total", "Events in committed segments.") {
                $0.ledger.written
            },
            quarantined(sources),
            bySource(
                "touchpoint_events_duplicate_total",
                "Events that came before and were not written again."
            ) { $0.ledger.duplicate },
            bySource(
                "touchpoint_events_reused_ids_total",
                "Events that were written with an id that another event had."
            ) { $0.ledger.reusedIds },
            bySource("touchpoint_messages_total", "Messages received.") { $0.messages },
            bySource("touchpoint_payload_bytes_total", "Payload bytes received.") { $0.bytes },
            bySource(
                "touchpoint_messages_rejected_total",
                "Messages whose frames made no sense, or too large for a ring: nothing was kept."
            ) { $0.rejected },
            gauge(
                "touchpoint_peers",
                "Connected peers.",
                sources.reduce(0) { $0 + $1.value.peers }
            ),
        ]
    }

    /// What the rings, the segments and the commits count.
    private func pathMetrics(_ stats: StatsAnswer) -> [Metric] {
        [
            gauge(
                "touchpoint_ring_used_bytes",
                "Bytes waiting in rings.",
                stats.rings.reduce(0) { $0 + $1.used }
            ),
            counter(
                "touchpoint_ring_full_total",
                "How often a ring had no room.",
                stats.rings.reduce(0) { $0 + $1.full }
            ),
            gauge("touchpoint_open_segments", "Segments being written.", stats.openSegments),
            counter("touchpoint_bytes_raw_total", "Bytes before compression.", stats.bytes.raw),
            counter("touchpoint_bytes_compressed_total", "Bytes written.", stats.bytes.compressed),
            counter("touchpoint_commits_total", "Durable commits.", stats.commit.count),
            commitSeconds(stats.commit),
        ]
    }

    /// What is remembered of ids.
    private func dedupMetrics(_ dedup: DedupStatus) -> [Metric] {
        guard dedup.state != "off" else { return [] }
        return [
            gauge("touchpoint_dedup_ids", "Ids remembered.", dedup.ids),
            gauge("touchpoint_dedup_bytes", "Memory of the ids.", dedup.bytes),
            gauge(
                "touchpoint_dedup_window_seconds",
                "How long an id is to be remembered.",
                dedup.windowSeconds
            ),
            gauge(
                "touchpoint_dedup_covered_seconds",
                "How long it is: less than the window while memory does not suffice.",
                dedup.coveredSeconds
            ),
            counter(
                "touchpoint_dedup_forgotten_total",
                "Ids forgotten before their time.",
                dedup.forgotten
            ),
            gauge(
                "touchpoint_dedup_waiting_answers",
                "Answers that wait for another writer's commit.",
                dedup.waitingAnswers
            ),
        ]
    }

    /// Whether all is well.
    private func stateMetrics(_ stats: StatsAnswer) -> [Metric] {
        [
            gauge(
                "touchpoint_events_in_flight",
                "Events not yet committed.",
                stats.ledger.inFlight
            ),
            gauge(
                "touchpoint_ledger_balanced",
                "1 while every event is accounted for.",
                stats.ledger.isBalanced && pipeline.ledgerMismatches == 0 ? 1 : 0
            ),
            gauge(
                "touchpoint_intake_open",
                "1 while events are taken in.",
                stats.state == .running ? 1 : 0
            ),
        ]
    }

    private func quarantined(_ sources: [(key: String, value: SourceStats)]) -> Metric {
        let samples = sources.flatMap { source in
            source.value.ledger.reasons.quarantined.sorted { $0.key < $1.key }.map {
                Metric.Sample(
                    Double($0.value),
                    labels: [Metric.Label("source", source.key), Metric.Label("reason", $0.key)]
                )
            }
        }
        return Metric(
            "touchpoint_events_quarantined_total",
            help: "Events that could not be accepted.",
            kind: .counter,
            samples: samples
        )
    }

    /// Quantiles of this run; a summary would also need a sum, which the histogram does not keep
    /// exactly.
    private func commitSeconds(_ commit: CommitStats) -> Metric {
        let quantiles = [("0.5", commit.p50us), ("0.99", commit.p99us), ("0.999", commit.p999us)]
        return Metric(
            "touchpoint_commit_seconds",
            help: "From the start of a commit until it is durable.",
            kind: .gauge,
            samples: quantiles.map {
                Metric.Sample(Double($0.1) / 1e6, labels: [Metric.Label("quantile", $0.0)])
            }
        )
    }

    private func counter(_ name: String, _ help: String, _ value: Int) -> Metric {
        Metric(name, help: help, kind: .counter, value: Double(value))
    }

    private func gauge(_ name: String, _ help: String, _ value: Int) -> Metric {
        Metric(name, help: help, kind: .gauge, value: Double(value))
    }
}
