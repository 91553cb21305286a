import Foundation

/// A temporary folder that is removed with the value.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init(prefix: String = "touchpoint-test") throws {
        path = NSTemporaryDirectory() + "\(prefix)-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true
        )
    }

    /// Lends a folder's path.
    package static func with<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = try TemporaryFolder()
        return try withExtendedLifetime(folder) { try body(folder.path) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
