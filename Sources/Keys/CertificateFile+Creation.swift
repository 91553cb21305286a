import Glibc
package import Wire

extension CertificateFile {
    /// The two files of a new pair of keys.
    package struct Created: Sendable {
        package let publicPath: String
        package let secretPath: String
        package let key: CurveKey
    }

    /// Whether a name may be that of new files: 1 to 128 of A–Z, a–z, 0–9, `.`, `_` and `-`, the
    /// first a letter or digit.
    package static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= Certificate.nameBytesMax else {
            return false
        }
        return isAlphanumeric(first)
            && name.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    /// Generates a pair of keys, and writes `NAME.key` (mode 0644) and `NAME.key_secret` (mode 0600)
    /// as CZMQ names them; both are on stable storage afterwards.
    ///
    /// An existing file is never replaced. After an error neither new file is left.
    ///
    /// - Parameters:
    ///   - name: see ``isName(_:)``.
    ///   - folder: an existing folder.
    /// - Returns: the paths and the public key.
    /// - Throws: if a file exists, or the folder cannot be written to.
    package static func create(
        _ name: String,
        in folder: String
    ) throws(KeyFileError) -> Created {
        precondition(isName(name))
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(folder, "opened", code: errno) }
        defer { close(descriptor) }
        let keys = CurveKeyPair()
        let publicName = "\(name).key"
        let secretName = "\(name).key_secret"
        let prefix = folder.hasSuffix("/") ? folder : "\(folder)/"
        let secret = Certificate.secretText(name: name, keys: keys)
        try write(secret.bytes, to: secretName, mode: 0o600, in: descriptor, shownAfter: prefix)
        do {
            let text = SecretBytes(
                copying: Certificate.publicText(name: name, key: keys.publicKey)
            )
            try write(text.bytes, to: publicName, mode: 0o644, in: descriptor, shownAfter: prefix)
        } catch {
            unlinkat(descriptor, secretName, 0)
            throw error
        }
        guard fsync(descriptor) == 0 else {
            let error = KeyFileError.system(folder, "synced", code: errno)
            for file in [publicName, secretName] { unlinkat(descriptor, file, 0) }
            throw error
        }
        return Created(
            publicPath: prefix + publicName,
            secretPath: prefix + secretName,
            key: keys.publicKey
        )
    }

    private static func write(
        _ text: UnsafeRawBufferPointer,
        to name: String,
        mode: mode_t,
        in folder: Int32,
        shownAfter prefix: String
    ) throws(KeyFileError) {
        let path = prefix + name
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = openat(folder, name, flags, mode)
        guard descriptor >= 0 else {
            if errno == EEXIST {
                throw KeyFileError(
                    path,
                    "exists and is not replaced: choose another name, or move it away"
                )
            }
            throw .system(path, "created", code: errno)
        }
        defer { close(descriptor) }
        var written = 0
        while written < text.count {
            let rest = UnsafeRawBufferPointer(rebasing: text[written...])
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw discarded(path, "written", as: name, in: folder) }
            written += count
        }
        // The file's mode does not depend on the umask.
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else {
            throw discarded(path, "written", as: name, in: folder)
        }
    }

    private static func discarded(
        _ path: String,
        _ operation: String,
        as name: String,
        in folder: Int32
    ) -> KeyFileError {
        let code = errno
        unlinkat(folder, name, 0)
        return .system(path, operation, code: code)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
