/// The version that the programs report.
package enum ProductVersion {
    /// Semantic versioning 2.0.0.
    package static let number = "0.1.0"

    /// The build configuration of this binary.
    package static var build: String {
        #if DEBUG
        "debug"
        #else
        "release"
        #endif
    }

    /// The Swift that compiled it: `6.3`.
    ///
    /// It is the version of Swift's library, which is linked in; the library does not say its patch
    /// level.
    package static var swift: String {
        "\(_SwiftStdlibVersion.current)".split(separator: ".").prefix(2).joined(separator: ".")
    }
}
