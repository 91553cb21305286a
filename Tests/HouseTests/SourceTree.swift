import Foundation

/// The files of the project that contains this file.
enum SourceTree {
    /// The project's top folder.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The parts that the rules check; missing ones are skipped.
    private static let parts = [
        "Package.swift", "Makefile", "README.md", "Sources", "Tests", "Benchmarks", "clients",
        "config", "deploy", "docs", "lake", "scripts", "samples", ".ci",
    ]
    private static let dataSuffixes = [".ndjson", ".gz", ".png", ".pyc"]

    /// Reads all text files, in order of their paths.
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
