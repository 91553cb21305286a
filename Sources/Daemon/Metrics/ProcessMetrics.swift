/// The metrics of the process, under the usual names of Prometheus' client libraries.
enum ProcessMetrics {
    static func all(_ figures: ProcessFigures) -> [Metric] {
        var metrics = [
            Metric(
                "process_cpu_seconds_total",
                help: "User and system CPU time.",
                kind: .counter,
                value: figures.cpuSeconds
            ),
            .gauge(
                "process_resident_memory_bytes",
                help: "Resident memory.",
                value: figures.residentBytes
            ),
            .gauge(
                "process_virtual_memory_bytes",
                help: "Address space.",
                value: figures.virtualBytes
            ),
            Metric(
                "process_start_time_seconds",
                help: "When the process began, since 1970 UTC.",
                kind: .gauge,
                value: figures.startedAt
            ),
        ]
        if let limit = figures.descriptorsMax {
            metrics.append(
                Metric(
                    "process_max_fds",
                    help: "File descriptors that it may have open.",
                    kind: .gauge,
                    value: limit
                )
            )
        }
        if let open = figures.openDescriptors {
            metrics.append(.gauge("process_open_fds", help: "Open file descriptors.", value: open))
        }
        return metrics
    }
}
