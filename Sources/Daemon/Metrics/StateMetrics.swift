import Control
import Disk
import Terminal

/// Whether all is well: states, the ledger, recovery, configuration, disk.
enum StateMetrics {
    /// What recovery can be doing; see `RecoveryStatus`.
    private static let recoveryStates = [
        "none", "running", "waiting for room", "stopped", "done", "failed",
    ]

    static func life(_ state: ServiceState, isBalanced: Bool) -> [Metric] {
        // `failed` is only ever said of a source.
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
                "1 while every event is accounted for.",
                isBalanced ? 1 : 0
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
                "Open files of earlier runs that are not recovered yet.",
                max(0, recovery.filesFound - recovery.filesRecovered)
            ),
        ]
    }

    static func reload(_ reload: Collector.ReloadOutcome) -> [Metric] {
        [
            .gauge(
                "touchpoint_config_last_reload_successful",
                "0 while the configuration file, as it was read last, was refused.",
                reload.refusal == nil ? 1 : 0
            ),
            Metric(
                "touchpoint_config_last_reload_success_timestamp_seconds",
                help: "When the configuration in force was read.",
                kind: .gauge,
                value: Double(reload.goodAt) / 1e6
            ),
        ]
    }

    /// `space` is nil where the file system does not say.
    static func disk(_ space: DiskSpace?, minimumFree: UInt64) -> [Metric] {
        var metrics: [Metric] = [
            .gauge(
                "touchpoint_disk_minimum_free_bytes",
                "Below so many available bytes intake stops.",
                Int(clamping: minimumFree)
            )
        ]
        guard let space else { return metrics }
        metrics += [
            .gauge(
                "touchpoint_disk_available_bytes",
                "Bytes that the data folder's disk takes.",
                Int(clamping: space.availableBytes)
            ),
            .gauge(
                "touchpoint_disk_size_bytes",
                "Bytes of the data folder's disk.",
                Int(clamping: space.totalBytes)
            ),
        ]
        if let files = space.availableFiles {
            metrics.append(
                .gauge(
                    "touchpoint_disk_available_inodes",
                    "New files that the data folder's disk takes.",
                    Int(clamping: files)
                )
            )
        }
        return metrics
    }

    /// What lies in quarantine.
    static func quarantine(_ quarantine: QuarantineStatus) -> [Metric] {
        [
            .gauge(
                "touchpoint_quarantine_full",
                "1 while quarantine takes nothing more.",
                quarantine.state == "full" ? 1 : 0
            ),
            .gauge("touchpoint_quarantine_bytes", "Bytes in quarantine.", quarantine.bytes),
            .gauge(
                "touchpoint_quarantine_max_bytes",
                "Bytes that quarantine may have; 0 is no limit.",
                quarantine.maxBytes
            ),
            .counter(
                "touchpoint_quarantine_refused_messages_total",
                "Messages answered unavailable because quarantine was full.",
                quarantine.refusedMessages
            ),
            .counter(
                "touchpoint_quarantine_removed_files_total",
                "Files of quarantine that were removed for their age.",
                quarantine.removedFiles
            ),
        ]
    }

    /// What is remembered of ids.
    static func dedup(_ dedup: DedupStatus) -> [Metric] {
        guard dedup.state != "off" else { return [] }
        return [
            .gauge("touchpoint_dedup_ids", "Ids remembered.", dedup.ids),
            .gauge("touchpoint_dedup_bytes", "Memory of the ids.", dedup.bytes),
            .gauge(
                "touchpoint_dedup_window_seconds",
                "How long an id is to be remembered.",
                dedup.windowSeconds
            ),
            .gauge(
                "touchpoint_dedup_covered_seconds",
                "How long it is: less than the window while memory does not suffice.",
                dedup.coveredSeconds
            ),
            .counter(
                "touchpoint_dedup_forgotten_total",
                "Ids forgotten before their time.",
                dedup.forgotten
            ),
            .gauge(
                "touchpoint_dedup_waiting_answers",
                "Answers that wait for another writer's commit.",
                dedup.waitingAnswers
            ),
        ]
    }
}
