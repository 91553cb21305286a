package import Configuration
import Events
import Plan
import PlanFiles

/// A plan that was read from its folder.
struct LoadedPlan: Sendable {
    let name: String
    let inForce: PlanInForce

    /// `shop 12`.
    var label: String { "\(name) \(inForce.plan.version)" }
}

extension Settings.Plan {
    /// Reads the plan; nil if events are not to be checked.
    ///
    /// - Throws: exit code 78 with each problem's file and line; warnings do not count.
    func load() throws(DaemonFailure) -> LoadedPlan? {
        guard let directory, mode != .off else { return nil }
        let result = PlanFolder.read(directory)
        let problems = result.problems.filter { !$0.isWarning }
        guard problems.isEmpty else {
            throw DaemonFailure(
                exitCode: 78,
                description: problems.map { "\(directory)/\($0)" }.joined(separator: "\n")
            )
        }
        do throws(SchemaError) {
            let plan = try CompiledPlan(result.plan)
            let inForce = PlanInForce(
                plan,
                isEnforced: mode == .enforce,
                warns: answers == .on
            )
            return LoadedPlan(name: result.plan.name, inForce: inForce)
        } catch {
            throw DaemonFailure(exitCode: 78, description: "\(directory)/plan.yaml: \(error)")
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
        _ = try wants(try plan.load())
    }
}
