import Glibc
package import Plan
import Platform

/// Reads a plan from its folder: `plan.yaml`, `glossary.yaml` and `events/*.yaml`.
package enum PlanFolder {
    /// The largest file of a plan.
    static let fileBytesMax = 4 << 20

    /// A plan that was read, and what is wrong with it.
    package struct Result: Sendable {
        package let plan: PlanDefinition
        package let problems: [PlanProblem]

        /// Whether the plan can be used.
        package var isUsable: Bool { problems.allSatisfy(\.isWarning) }
    }

    /// Reads the folder at `path`; problems name files as below it.
    package static func read(_ path: String) -> Result {
        var reader = PlanReader()
        var problems: [PlanProblem] = []
        func value(_ file: String) -> SchemaValue? {
            do throws(PlanFailure) {
                let bytes = try contents(of: "\(path)/\(file)", named: file)
                return try YAMLValue.parse(bytes, file: file)
            } catch {
                problems.append(error.problem)
                return nil
            }
        }
        if let plan = value("plan.yaml") { reader.readPlan(plan, file: "plan.yaml") }
        if access("\(path)/glossary.yaml", F_OK) == 0, let glossary = value("glossary.yaml") {
            reader.readGlossary(glossary, file: "glossary.yaml")
        }
        for file in eventFiles(in: path) {
            if let event = value(file) { reader.readEvent(event, file: file) }
        }
        problems += reader.problems
        if problems.isEmpty { problems = compiling(reader.plan) }
        if problems.isEmpty { problems = PlanReview.problems(of: reader.plan) }
        let sorted = problems.enumerated().sorted { left, right in
            (left.element.file, left.element.line ?? 0, left.offset)
                < (right.element.file, right.element.line ?? 0, right.offset)
        }
        return Result(plan: reader.plan, problems: sorted.map(\.element))
    }

    /// The whole plan may be refused where each event alone is not.
    private static func compiling(_ plan: PlanDefinition) -> [PlanProblem] {
        do throws(SchemaError) {
            _ = try CompiledPlan(plan)
            return []
        } catch {
            return [PlanProblem(file: "plan.yaml", line: error.line, error.message)]
        }
    }

    /// The files of events in the order of their names.
    private static func eventFiles(in path: String) -> [String] {
        guard let folder = opendir("\(path)/events") else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".yaml"), !name.hasPrefix(".") { names.append("events/\(name)") }
        }
        return names.sorted()
    }

    private static func contents(
        of path: String,
        named file: String
    ) throws(PlanFailure) -> [UInt8] {
        do throws(WholeFile.Failure) {
            return try WholeFile.read(path, bytesMax: fileBytesMax)
        } catch {
            switch error {
            case .system(let error): throw unreadable(file, "\(error)")
            case .tooLarge: throw unreadable(file, "larger than 4 MiB")
            }
        }
    }

    private static func unreadable(_ file: String, _ cause: String) -> PlanFailure {
        PlanFailure(file: file, line: nil, "cannot be read: \(cause)")
    }
}
