import Archive
import Control
import Intake
import Pipeline

/// The metrics of rings, segments and commits, in this run.
enum PathMetrics {
    static func all(_ snapshot: PipelineSnapshot, _ told: NoticeCounts.Values) -> [Metric] {
        rings(snapshot.rings) + segments(snapshot, told) + commits(snapshot.commits)
    }

    private static func rings(_ rings: [PipelineSnapshot.Ring]) -> [Metric] {
        Metric.all(
            RingStats.figures,
            of: rings.map {
                let labels = [
                    Metric.Label("source", $0.source), Metric.Label("writer", "\($0.writer)"),
                ]
                return (RingStats($0), labels)
            }
        )
    }

    private static func segments(
        _ snapshot: PipelineSnapshot,
        _ told: NoticeCounts.Values
    ) -> [Metric] {
        [
            .gauge(
                "touchpoint_open_segments",
                help: "Segments being written.",
                value: snapshot.openSegments
            ),
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
                help: "How often the disk failed segments, which were then written anew.",
                value: told.failed
            ),
        ] + Metric.all(ByteStats.figures, of: ByteStats(snapshot))
    }

    private static func commits(_ commits: PipelineSnapshot.Commits) -> [Metric] {
        let recent = commits.recent
        return [
            histogram(
                "touchpoint_commit_seconds",
                help: "From the begin of a commit until it is durable.",
                of: commits.durations
            ),
            histogram(
                "touchpoint_commit_oldest_message_seconds",
                help: "From the receipt of a commit's oldest message until it is durable.",
                of: commits.waits
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
        help: String,
        of counts: DurationCounts
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
