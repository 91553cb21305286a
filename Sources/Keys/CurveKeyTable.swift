import Glibc
package import Wire

/// The producers that may connect to a source with CURVE: their public keys and names.
///
/// A value that never changes; a reload makes a new one.
package struct CurveKeyTable: Sendable, Equatable {
    package static let countMax = 65_535

    private let names: [CurveKey: String]

    /// The number of keys, at least 1.
    package var count: Int { names.count }

    /// The keys, in no order.
    package var keys: some Collection<CurveKey> & Sendable { names.keys }

    /// Returns the name of the producer that has a key; nil if the key is unknown.
    package func name(of key: CurveKey) -> String? { names[key] }

    /// Reads a folder of public certificates, one per producer.
    ///
    /// Every file counts, whatever its name, except those that begin with a dot. The name of a
    /// producer is that of the certificate's metadata, or else the file's name without its extension.
    ///
    /// - Parameter folder: a folder, not a link, that only root and this user can change, as its
    ///   files.
    /// - Returns: the table of all keys.
    /// - Throws: the first file that cannot be used, in the order of names; then none is.
    package static func load(folder: String) throws(KeyFileError) -> CurveKeyTable {
        try load(folder: folder, countMax: countMax)
    }

    static func load(folder: String, countMax: Int) throws(KeyFileError) -> CurveKeyTable {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            var status = stat()
            if lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
                throw KeyFileError(folder, "is a link: name the folder itself")
            }
            throw .system(folder, "opened as a folder of certificates", code: code)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .system(folder, "examined", code: errno)
        }
        try CertificateFile.requireOwnOnly(folder, status)
        let files = try list(descriptor, folder, countMax: countMax)
        guard !files.isEmpty else {
            throw KeyFileError(
                folder,
                "has no certificate, so nobody could connect: put each producer's public file "
                    + "(NAME.key) there, which 'touchpointctl keygen NAME' makes"
            )
        }
        var builder = Builder()
        for file in files {
            let path = folder.hasSuffix("/") ? folder + file : "\(folder)/\(file)"
            try builder.add(
                try CertificateFile.loadPublic(file, in: descriptor, shownAs: path),
                of: file,
                at: path
            )
        }
        return CurveKeyTable(names: builder.names)
    }

    private struct Builder {
        var names: [CurveKey: String] = [:]
        private var pathByKey: [CurveKey: String] = [:]
        private var pathByName: [String: String] = [:]

        mutating func add(
            _ certificate: Certificate,
            of file: String,
            at path: String
        ) throws(KeyFileError) {
            let name = certificate.name ?? Self.withoutExtension(file)
            guard Certificate.isShowable(name) else {
                throw KeyFileError(
                    path,
                    "has a name of more than \(Certificate.nameBytesMax) bytes or with control "
                        + "characters: rename the file, or set 'name' in its section 'metadata'"
                )
            }
            if let other = pathByKey.updateValue(path, forKey: certificate.publicKey) {
                throw KeyFileError(path, "has the same key as \(other): remove one of them")
            }
            if let other = pathByName.updateValue(path, forKey: name) {
                throw KeyFileError(
                    path,
                    "has the name '\(name)', as \(other) has: change 'name' in the section "
                        + "'metadata' of one"
                )
            }
            names[certificate.publicKey] = name
        }

        private static func withoutExtension(_ file: String) -> String {
            guard let dot = file.lastIndex(of: "."), dot > file.startIndex else { return file }
            return String(file[..<dot])
        }
    }

    /// Returns the names of the files of a folder, sorted; those that begin with a dot are left out.
    private static func list(
        _ folder: Int32,
        _ path: String,
        countMax: Int
    ) throws(KeyFileError) -> [String] {
        let own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { throw .system(path, "listed", code: errno) }
        guard let stream = fdopendir(own) else {
            let code = errno
            close(own)
            throw .system(path, "listed", code: code)
        }
        defer { closedir(stream) }
        var files: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw .system(path, "listed", code: errno) }
                return files.sorted()
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            guard files.count < countMax else {
                throw KeyFileError(
                    path,
                    "has more than \(countMax) files: remove certificates that nobody needs"
                )
            }
            files.append(name)
        }
    }
}
