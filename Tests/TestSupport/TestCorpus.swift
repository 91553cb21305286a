package import Foundation

/// Public test data in a folder beside the repository, `../shared/data`, or in the folder named by
/// `TOUCHPOINT_TEST_DATA`.
package enum TestCorpus {
    package static var folder: URL {
        if let named = ProcessInfo.processInfo.environment["TOUCHPOINT_TEST_DATA"] {
            return URL(fileURLWithPath: named)
        }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("shared/data")
    }

    /// Reads one file; if it is missing, prints a line and returns nil.
    package static func file(_ path: String) -> [UInt8]? {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent(path)) else {
            print("test data \(path) is not in \(folder.path): only the built-in set is tested")
            return nil
        }
        return Array(data)
    }

    /// Reads every file of a folder by name; if it is missing, prints a line and returns nil.
    package static func files(in path: String) throws -> [(name: String, bytes: [UInt8])]? {
        let place = folder.appendingPathComponent(path)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: place.path) else {
            print("test data \(path) is not in \(folder.path): only the built-in set is tested")
            return nil
        }
        print("testing \(names.count) files of \(place.path)")
        return try names.sorted().compactMap { name in
            let file = place.appendingPathComponent(name)
            guard !isFolder(file) else { return nil }
            return (name, Array(try Data(contentsOf: file)))
        }
    }

    private static func isFolder(_ file: URL) -> Bool {
        (try? file.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
    }
}
