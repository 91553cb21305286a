import Control
import Disk
import Terminal

/// The metrics of health: states, the ledger, recovery, configuration, disk.
enum StateMetrics {
    /// The states of recovery; see `RecoveryStatus`.
    private static let recoveryStates = [
        "none", "running", "waiting for room", "stopped", "done", "failed",
    ]

    static func life(_ state: ServiceState, isBalanced: Bool) -> [Metric] {
        // `failed` applies only to a source.
        let states = ServiceState.allCases.filter { $0 != .failed }
        return [
            Metric(
                "touchpoint_build_info",
                help: "1; its labels say what runs.",
                kind: .gauge,
                samples: [
                    Metric.Sample(
                        1,
                        labels: [
                            Metric.Label("version", ProductVersion.number),
                            Metric.Label("build", ProductVersion.build),
                        ]
                    )
                ]
            ),
            Metric(
                "touchpoint_state",
                help: "1 for the state that the daemon is in.",
                kind: .gauge,
                samples: Metric.oneOf(states, is: state) { [Metric.Label("state", $0.rawValue)] }
            ),
            .gauge(
                "touchpoint_ledger_balanced",
                help: "1 while every event is accounted for.",
                value: isBalanced ? 1 : 0
            ),
        ]
    }

    static func recovery(_ recovery: RecoveryStatus) -> [Metric] {
        [
            Metric(
                "touchpoint_recovery_state",
                help: "1 for what recovery of earlier runs' files is doing.",
                kind: .gauge,
                samples: Metric.oneOf(recoveryStates, is: recovery.state) {
                    [Metric.Label("state", $0)]
                }
            ),
            .gauge(
                "touchpoint_recovery_files_left",
                help: "Open files of earlier runs that are not recovered yet.",
                value: max(0, recovery.filesFound - recovery.filesRecovered)
            ),
        ]
    }

    static func reload(_ reload: Collector.ReloadOutcome) -> [Metric] {
        [
            .gauge(
                "touchpoint_config_last_reload_successful",
                help: "0 while the configuration file, as it was read last, was refused.",
                value: reload.refusal == nil ? 1 : 0
            ),
            Metric(
                "touchpoint_config_last_reload_success_timestamp_seconds",
                help: "When the configuration in force was read.",
                kind: .gauge,
                value: Double(reload.goodAt) / 1e6
            ),
        ]
    }

    /// `space` is nil where the file system does not tell.
    static func disk(_ space: DiskSpace?, minimumFree: UInt64) -> [Metric] {
        var metrics: [Metric] = [
            .gauge(
                "touchpoint_disk_minimum_free_bytes",
                help: "Below so many available bytes intake stops.",
                value: Int(clamping: minimumFree)
            )
        ]
        guard let space else { return metrics }
        metrics += [
            .gauge(
                "touchpoint_disk_available_bytes",
                help: "Bytes that the data folder's disk takes.",
                value: Int(clamping: space.availableBytes)
            ),
            .gauge(
                "touchpoint_disk_size_bytes",
                help: "Bytes of the data folder's disk.",
                value: Int(clamping: space.totalBytes)
            ),
        ]
        if let files = space.availableFiles {
            metrics.append(
                .gauge(
                    "touchpoint_disk_available_inodes",
                    help: "New files that the data folder's disk takes.",
                    value: Int(clamping: files)
                )
            )
        }
        return metrics
    }

    /// The contents of quarantine.
    static func quarantine(_ quarantine: QuarantineStatus) -> [Metric] {
        [
            .gauge(
                "touchpoint_quarantine_full",
                help: "1 while quarantine takes nothing more.",
                value: quarantine.state == "full" ? 1 : 0
            )
        ] + Metric.all(QuarantineStatus.figures, of: quarantine)
    }

    /// The window of known ids.
    static func dedup(_ dedup: DedupStatus) -> [Metric] {
        dedup.state == "off" ? [] : Metric.all(DedupStatus.figures, of: dedup)
    }
}
