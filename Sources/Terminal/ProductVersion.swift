/// What the programs say when asked for their version.
package enum ProductVersion {
    /// Semantic versioning 2.0.0.
    package static let number = "0.1.0"

    /// How this binary was built.
    package static var build: String {
        #if DEBUG
        "debug"
        #else
        "release"
        #endif
    }
}
