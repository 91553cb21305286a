import Glibc
package import Wire

/// The long-term keys of a collector, in a certificate of its own.
package enum ServerKey {
    /// Reads the collector's secret certificate.
    ///
    /// The file is regular, has mode 0600 or 0400, and belongs to root or the user of this process.
    ///
    /// - Parameter path: a file, not a link.
    /// - Returns: both keys.
    /// - Throws: if the file is not so, or has no secret key.
    package static func load(path: String) throws(KeyFileError) -> CurveKeyPair {
        let (certificate, mode) = try CertificateFile.load(path, in: AT_FDCWD, shownAs: path)
        guard let keys = certificate.keys else {
            throw KeyFileError(
                path,
                "has no secret key: name the server's file whose name ends in '_secret', as "
                    + "'touchpointctl keygen' writes it"
            )
        }
        try CertificateFile.requireSecret(path, mode)
        guard mode == 0o600 || mode == 0o400 else {
            throw KeyFileError(
                path,
                "has mode \(CertificateFile.octal(mode)), not 0600 or 0400: run "
                    + "'chmod 600 \(path)'"
            )
        }
        return keys
    }
}
