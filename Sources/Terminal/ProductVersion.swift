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
}
