import Platform

/// The reason why a key file or a folder of them is not used: one sentence that names the file and
/// the remedy.
///
/// It never contains a secret.
package struct KeyFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file or folder.
    package let path: String
    /// What is wrong with it and what to do, as the rest of a sentence that begins with the path.
    let complaint: String

    init(_ path: String, _ complaint: String) {
        self.path = path
        self.complaint = complaint
    }

    /// An error of the system, by its errno.
    static func system(_ path: String, _ operation: String, code: Int32) -> KeyFileError {
        KeyFileError(path, "cannot be \(operation): \(SystemError(code: code))")
    }

    package var description: String { "\(path) \(complaint)" }
}
