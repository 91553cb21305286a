import Archive
import Pipeline

/// What rings, segments and commits count, of this run.
enum PathMetrics {
    static func all(_ snapshot: PipelineSnapshot, _ told: NoticeCounts.Values) -> [Metric] {
        rings(snapshot.rings) + segments(snapshot, told) + commits(snapshot.commits)
    }

    private static func rings(_ rings: [PipelineSnapshot.Ring]) -> [Metric] {
        [
            byRing("touchpoint_ring_capacity_bytes", "What a ring can hold.", .gauge, rings) {
                $0.capacityBytes
            },
            byRing("touchpoint_ring_used_bytes", "Bytes that wait in a ring.", .gauge, rings) {
                $0.usedBytes
            },
            byRing(
                "touchpoint_ring_high_water_bytes",
                "The most that has waited in a ring at once.",
                .gauge,
                rings
            ) { $0.highWaterBytes },
            byRing(
                "touchpoint_ring_full_total",
                "How often a ring had no room.",
                .counter,
                rings
            ) { $0.timesFull },
        ]
    }

    private static func byRing(
        _ name: String,
        _ help: String,
        _ kind: Metric.Kind,
        _ rings: [PipelineSnapshot.Ring],
        _ value: (PipelineSnapshot.Ring) -> Int
    ) -> Metric {
        let samples = rings.map {
            Metric.Sample(
                Double(value($0)),
                labels: [Metric.Label("source", $0.source), Metric.Label("writer", "\($0.writer)")]
            )
        }
        return Metric(name, help: help, kind: kind, samples: samples)
    }

    private static func segments(
        _ snapshot: PipelineSnapshot,
        _ told: NoticeCounts.Values
    ) -> [Metric] {
        [
            .gauge("touchpoint_open_segments", "Segments being written.", snapshot.openSegments),
            Metric(
                "touchpoint_segments_sealed_total",
                help: "Segments finished, by what made them so.",
                kind: .counter,
                samples: NoticeCounts.reasons.map {
                    Metric.Sample(
                        Double(told.sealed[$0] ?? 0),
                        labels: [Metric.Label("reason", $0.rawValue)]
                    )
                }
            ),
            .counter(
                "touchpoint_segments_failed_total",
                "How often the disk failed segments, which were then written anew.",
                told.failed
            ),
            .counter(
                "touchpoint_bytes_raw_total",
                "Bytes before compression.",
                Int(clamping: snapshot.rawBytes)
            ),
            .counter(
                "touchpoint_bytes_compressed_total",
                "Bytes written.",
                Int(clamping: snapshot.compressedBytes)
            ),
        ]
    }

    private static func commits(_ commits: PipelineSnapshot.Commits) -> [Metric] {
        let recent = commits.recent
        return [
            histogram(
                "touchpoint_commit_seconds",
                "From the begin of a commit until it is durable.",
                commits.durations
            ),
            histogram(
                "touchpoint_commit_oldest_message_seconds",
                "From the receipt of a commit's oldest message until it is durable.",
                commits.waits
            ),
            Metric(
                summary: "touchpoint_recent_commit_seconds",
                help: "The same as touchpoint_commit_seconds, quantiles of the last 10 seconds.",
                quantiles: [(0.5, recent.p50), (0.99, recent.p99), (0.999, recent.p999)].map {
                    ($0, recent.count > 0 ? Double($1) / 1e6 : .nan)
                },
                sum: Double(commits.durations.sumMicroseconds) / 1e6,
                count: Double(commits.durations.count)
            ),
            Metric(
                "touchpoint_last_commit_timestamp_seconds",
                help: "When the last commit was durable; 0 before the first.",
                kind: .gauge,
                value: Double(commits.lastAt) / 1e6
            ),
        ]
    }

    private static func histogram(
        _ name: String,
        _ help: String,
        _ counts: DurationCounts
    ) -> Metric {
        Metric(
            histogram: name,
            help: help,
            ends: DurationCounts.endsMicroseconds.map { Double($0) / 1e6 },
            counts: counts.counts,
            sum: Double(counts.sumMicroseconds) / 1e6
        )
    }
}
