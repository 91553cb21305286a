import Foundation

/// The project's files, as they stand beside this one.
enum SourceTree {
    /// The project's top folder.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// What the rules read; whatever of it is missing has nothing to be read.
    private static let parts = [
        "Package.swift", "Makefile", "README.md", "Sources", "Tests", "Benchmarks", "config",
        "deploy", "docs", "scripts", "samples", ".ci",
    ]
    private static let dataSuffixes = [".ndjson", ".gz", ".png", ".pyc"]

    /// All text files, in order of their paths.
    static func files() throws -> [SourceFile] {
        try parts.flatMap(paths(below:)).sorted().compactMap { path in
            let data = try Data(contentsOf: root.appendingPathComponent(path))
            return String(data: data, encoding: .utf8).map { SourceFile(path, $0) }
        }
    }

    private static func paths(below part: String) throws -> [String] {
        let start = root.appendingPathComponent(part)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: start.path, isDirectory: &isFolder) else {
            return []
        }
        guard isFolder.boolValue else { return [part] }
        return try FileManager.default.subpathsOfDirectory(atPath: start.path)
            .map { "\(part)/\($0)" }
            .filter { path in
                let isData = dataSuffixes.contains { path.hasSuffix($0) }
                return !isData && !path.contains("__pycache__") && isFile(path)
            }
    }

    private static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        let place = root.appendingPathComponent(path).path
        return FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
            && !isFolder.boolValue
    }
}
