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
        var names = ["plan.yaml"]
        if access("\(path)/glossary.yaml", F_OK) == 0 { names.append("glossary.yaml") }
        return read(names + eventFiles(in: path)) { name throws(PlanFailure) in
            try contents(of: "\(path)/\(name)", named: name)
        }
    }

    /// Reads files that are in memory: the plan, the glossary, and then events.
    static func read(_ files: [(name: String, bytes: [UInt8])]) -> Result {
        let contents = Dictionary(files.map { ($0.name, $0.bytes) }) { first, _ in first }
        return read(files.map(\.name)) { name throws(PlanFailure) in contents[name] ?? [] }
    }

    private static func read(
        _ files: [String],
        contents: (String) throws(PlanFailure) -> [UInt8]
    ) -> Result {
        var reader = PlanReader()
        var problems: [PlanProblem] = []
        for file in files {
            do throws(PlanFailure) {
                let value = try YAMLValue.parse(try contents(file), file: file)
                switch file {
                case "plan.yaml": reader.readPlan(value, file: file)
                case "glossary.yaml": reader.readGlossary(value, file: file)
                default: reader.readEvent(value, file: file)
                }
            } catch {
                problems.append(error.problem)
            }
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
