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

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
