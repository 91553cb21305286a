import Foundation
import Glibc
import TestSupport
import Testing
import Wire

@testable import Keys

/// A temporary folder with certificates, mode 0755.
struct KeyFolder {
    private let folder: TemporaryFolder
    var path: String { folder.path }

    init() throws {
        folder = try TemporaryFolder(prefix: "touchpoint-keys")
        try #require(chmod(folder.path, 0o755) == 0)
    }

    func path(of file: String) -> String { "\(path)/\(file)" }

    /// Writes a file with this text and mode.
    func write(_ file: String, _ text: String, mode: mode_t = 0o644) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(of: file)))
        try #require(chmod(path(of: file), mode) == 0)
    }

    /// Writes a public certificate, and returns its key.
    @discardableResult
    func writePublic(
        _ file: String,
        name: String? = nil,
        key: CurveKey = CurveKeyPair().publicKey,
        mode: mode_t = 0o644
    ) throws -> CurveKey {
        let metadata = name.map { "    name = \"\($0)\"\n" } ?? ""
        try write(file, "metadata\n\(metadata)curve\n    public-key = \"\(key)\"\n", mode: mode)
        return key
    }

    /// Writes a secret certificate, and returns its keys.
    @discardableResult
    func writeSecret(_ file: String, mode: mode_t) throws -> CurveKeyPair {
        let keys = CurveKeyPair()
        let text = Certificate.secretText(name: "x", keys: keys)
        try write(file, String(decoding: text.bytes, as: UTF8.self), mode: mode)
        return keys
    }

    func mode(of file: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path(of: file), &status) == 0)
        return status.st_mode & 0o7777
    }
}

/// Returns the message of the error that `body` throws.
func complaint(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "nothing was refused"
    } catch {
        return "\(error)"
    }
}
