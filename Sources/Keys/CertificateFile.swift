import Glibc
package import Wire

/// Files with certificates: reads those that nobody else can change, and creates new ones.
///
/// Any thread may call it; all calls block for the file system.
package enum CertificateFile {
    package static let bytesMax = 4_096

    private static let othersMayWrite: mode_t = 0o022
    private static let othersMayDoAnything: mode_t = 0o077

    /// Reads a certificate with a secret key, which group and others must not be able to open.
    package static func loadSecret(_ path: String) throws(KeyFileError) -> CurveKeyPair {
        let (certificate, mode) = try load(path, in: AT_FDCWD, shownAs: path)
        guard let keys = certificate.keys else {
            throw KeyFileError(
                path,
                "has no secret key: name the file whose name ends in '_secret'"
            )
        }
        try requireSecret(path, mode)
        return keys
    }

    /// Reads the public key of somebody else's certificate.
    package static func loadPublic(_ path: String) throws(KeyFileError) -> CurveKey {
        try loadPublic(path, in: AT_FDCWD, shownAs: path).publicKey
    }

    /// Returns a public key that is given as its text of 40 characters, or by a certificate's path.
    package static func publicKey(_ textOrPath: String) throws(KeyFileError) -> CurveKey {
        if let key = CurveKey(z85: textOrPath) { return key }
        guard access(textOrPath, F_OK) == 0 || errno != ENOENT else {
            throw KeyFileError(
                textOrPath,
                "is neither a public key, which has 40 characters of Z85, nor a file with one"
            )
        }
        return try loadPublic(textOrPath)
    }

    /// Reads a certificate that must have no secret key, below an open folder.
    static func loadPublic(
        _ name: String,
        in folder: Int32,
        shownAs path: String
    ) throws(KeyFileError) -> Certificate {
        let (certificate, _) = try load(name, in: folder, shownAs: path)
        guard certificate.keys == nil else {
            throw KeyFileError(
                path,
                "has a secret key, which belongs on its owner's machine only: use the public file "
                    + "instead, whose name does not end in '_secret'"
            )
        }
        return certificate
    }

    /// The permission bits of a secret file, checked.
    static func requireSecret(_ path: String, _ mode: mode_t) throws(KeyFileError) {
        guard mode & othersMayDoAnything == 0 else {
            throw KeyFileError(
                path,
                "has a secret key and mode \(octal(mode)), so others can open it: run "
                    + "'chmod 600 \(path)', and make a new key if anybody could have read it"
            )
        }
    }

    /// Reads a certificate, and returns it with the permission bits of its file.
    static func load(
        _ name: String,
        in folder: Int32,
        shownAs path: String
    ) throws(KeyFileError) -> (Certificate, mode_t) {
        let descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ELOOP {
                throw KeyFileError(path, "is a link: put the file itself in its place")
            }
            throw .system(path, "opened", code: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(path, "examined", code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw KeyFileError(path, "is no regular file: move it elsewhere")
        }
        try requireOwnOnly(path, status)
        let text = try read(descriptor, path)
        let certificate = try Certificate(
            UnsafeRawBufferPointer(rebasing: text.memory.bytes[..<text.count]),
            path: path
        )
        return (certificate, status.st_mode & 0o7777)
    }

    /// Checks that only root or this user can change a file or folder.
    static func requireOwnOnly(_ path: String, _ status: stat) throws(KeyFileError) {
        let own = geteuid()
        guard status.st_uid == 0 || status.st_uid == own else {
            throw KeyFileError(
                path,
                "belongs to uid \(status.st_uid), who can change it: make it root's or uid "
                    + "\(own)'s with chown"
            )
        }
        guard status.st_mode & othersMayWrite == 0 else {
            throw KeyFileError(
                path,
                "has mode \(octal(status.st_mode & 0o7777)), so others can change it: run "
                    + "'chmod go-w \(path)'"
            )
        }
    }

    static func octal(_ mode: mode_t) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private struct Text: ~Copyable {
        let memory: SecretBytes
        let count: Int
    }

    private static func read(_ descriptor: Int32, _ path: String) throws(KeyFileError) -> Text {
        // One byte more than allowed shows that a file is too long, however it grows meanwhile.
        let memory = SecretBytes(count: bytesMax + 1)
        let room = memory.mutableBytes
        var count = 0
        while count < room.count {
            let part = UnsafeMutableRawBufferPointer(rebasing: room[count...])
            let result = Glibc.read(descriptor, part.baseAddress, part.count)
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { throw .system(path, "read", code: errno) }
            if result == 0 { break }
            count += result
        }
        guard count <= bytesMax else {
            throw KeyFileError(
                path,
                "has more than \(bytesMax) bytes, which no certificate needs: is it one?"
            )
        }
        return Text(memory: memory, count: count)
    }
}
