package import Configuration
import Events
import Plan
import PlanFiles
import Platform

/// A plan that was read from its folder.
struct LoadedPlan: Sendable {
    let inForce: PlanInForce
    /// Microseconds since 1970 UTC.
    let loadedAt: Int64

    var definition: PlanDefinition { inForce.plan.definition }
    var name: String { definition.name }

    /// `shop 12`.
    var label: String { "\(name) \(inForce.plan.version)" }
}

extension Settings {
    /// Reads the plan; nil if events are not to be checked.
    ///
    /// - Throws: exit code 78 with each problem's file and line; warnings do not count.
    func loadPlan() throws(DaemonFailure) -> LoadedPlan? {
        let isUsed = sources.contains { ($0.plan.mode ?? plan.mode) != .off }
        guard let directory = plan.directory, isUsed else { return nil }
        let result = PlanFolder.read(directory)
        let problems = result.problems.filter { !$0.isWarning }
        guard problems.isEmpty else {
            throw DaemonFailure(
                exitCode: 78,
                description: problems.map { "\(directory)/\($0)" }.joined(separator: "\n")
            )
        }
        do throws(SchemaError) {
            let inForce = PlanInForce(
                try CompiledPlan(result.plan),
                mode: plan.mode.planMode,
                warns: plan.answers == .on
            )
            return LoadedPlan(inForce: inForce, loadedAt: SystemClock.wallMicroseconds)
        } catch {
            throw DaemonFailure(exitCode: 78, description: "\(directory)/plan.yaml: \(error)")
        }
    }
}

extension Settings.Plan.Mode {
    fileprivate var planMode: PlanMode {
        switch self {
        case .annotate: .annotate
        case .off: .off
        case .enforce: .enforce
        }
    }
}

extension Settings {
    /// What is wanted of the events of each source under a plan; nil if it is nothing.
    ///
    /// - Throws: exit code 78 if it cannot be compiled together.
    func wants(_ plan: LoadedPlan?) throws(DaemonFailure) -> EventWants? {
        do throws(SchemaError) {
            let keys = try partitionKeys()
            return try EventWants(
                plan: plan?.inForce,
                demands: sources.map { source in
                    var demand = SourceDemand()
                    demand.keys = keys
                    demand.fields = source.mapping.rules
                    demand.mode = source.plan.mode?.planMode
                    return demand
                }
            )
        } catch {
            throw DaemonFailure(exitCode: 78, description: "\(error)")
        }
    }

    /// The paths in `partition.path`.
    private func partitionKeys() throws(SchemaError) -> [EventPath] {
        guard let template = try? PartitionTemplate(partition.path) else { return [] }
        var keys: [EventPath] = []
        for path in template.paths { keys.append(try EventPath(path)) }
        return keys
    }

    /// Checks the plan, and what else is wanted of events.
    ///
    /// - Throws: exit code 78 with file and line of each problem.
    package func checkPlan() throws(DaemonFailure) {
        _ = try wants(try loadPlan())
    }
}
