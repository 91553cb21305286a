/// A target imports only modules of lower floors that ``HouseFloors`` grants it.
enum ImportRule {
    static func findings(in file: SourceFile) -> [Finding] {
        guard file.isSwift else { return [] }
        guard let target = file.target else { return findings(outsideSources: file) }
        guard let room = HouseFloors.rooms[target] else {
            let message = "target '\(target)' has no floor: give it one in HouseFloors"
            return [Finding(path: file.path, line: 1, message: message)]
        }
        return file.findings(in: file.codeLines) { line in
            importedModule(line).flatMap { complaint(about: $0, in: target, room) }
        }
    }

    /// Tests and benchmarks reach C through the target that makes Swift of it, as everybody does.
    private static func findings(outsideSources file: SourceFile) -> [Finding] {
        file.findings(in: file.codeLines) { line in
            importedModule(line).flatMap { module in
                HouseFloors.importers[module].map { refusal(of: module, importers: $0) }
            }
        }
    }

    /// Errors in the plan itself: rooms that would import upwards or sideways.
    static func findings(inPlan rooms: [String: HouseFloors.Room]) -> [String] {
        rooms.sorted { $0.key < $1.key }.flatMap { name, room in
            room.imports.sorted().compactMap { module in
                guard let other = rooms[module], other.floor >= room.floor else { return nil }
                return
                    "'\(name)' (floor \(room.floor)) would import '\(module)' (floor \(other.floor))"
            }
        }
    }

    /// The module that a line imports: `import A`, `@testable package import struct A.B`.
    static func importedModule(_ line: Substring) -> String? {
        let words = line.split(separator: " ")
        guard let place = words.firstIndex(of: "import") else { return nil }
        let kinds: Set<Substring> = [
            "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
        ]
        let rest = words[(place + 1)...].drop { kinds.contains($0) }
        return rest.first?.split(separator: ".").first.map(String.init)
    }

    private static func refusal(of module: String, importers: Set<String>) -> String {
        let names = importers.sorted().joined(separator: ", ")
        return "only \(names) may import \(module): use their types here"
    }

    private static func complaint(
        about module: String,
        in target: String,
        _ room: HouseFloors.Room
    ) -> String? {
        if let importers = HouseFloors.importers[module], !importers.contains(target) {
            return refusal(of: module, importers: importers)
        }
        if module.hasPrefix("Foundation") {
            switch room.foundation {
            case .none:
                return
                    "no \(module) in \(target): events pass here, use Glibc or the standard library"
            case .essentials:
                return module == "FoundationEssentials"
                    ? nil : "no \(module) in \(target): FoundationEssentials has no ICU"
            case .all: return nil
            }
        }
        if HouseFloors.system.contains(module) || room.imports.contains(module) { return nil }
        if let other = HouseFloors.rooms[module], other.floor >= room.floor {
            return
                "\(target) (floor \(room.floor)) must not know \(module) (floor \(other.floor)): "
                + "let a floor above both bring them together"
        }
        return "\(target) must not import \(module): HouseFloors does not grant it"
    }
}
