import NIOCore
import NIOSSL
import Synchronization

/// The certificate of a source: new connections take the newest that could be read.
package final class CertificateBox: Sendable {
    /// Where the certificate and its key are, and the oldest version that is spoken.
    package struct Files: Sendable, Equatable {
        /// The chain in PEM, the server's own certificate first.
        package var certificate: String
        package var key: String
        package var minimum: Version

        package init(certificate: String, key: String, minimum: Version = .tls12) {
            self.certificate = certificate
            self.key = key
            self.minimum = minimum
        }
    }

    /// The versions of TLS that can be the oldest.
    package enum Version: String, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// What TLS 1.2 may encrypt with: ciphers that authenticate, with keys that are forgotten.
    ///
    /// TLS 1.3 has no others.
    private static let ciphers: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    /// How long a closed connection waits for the other end's farewell: its handler has waited before.
    private static let shutdownTimeout: TimeAmount = .milliseconds(100)

    private let files: Files
    private let newest: Mutex<NIOSSLContext>

    /// Reads the files.
    package init(_ files: Files) throws(CertificateError) {
        self.files = files
        newest = Mutex(try Self.load(files))
    }

    /// Reads the files again; if they cannot be used, the certificate in force stays.
    package func reload() throws(CertificateError) {
        let context = try Self.load(files)
        newest.withLock { $0 = context }
    }

    var context: NIOSSLContext { newest.withLock { $0 } }

    private static func load(_ files: Files) throws(CertificateError) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            guard !chain.isEmpty else {
                throw CertificateError("\(files.certificate) has no certificate in PEM")
            }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = files.minimum == .tls13 ? .tlsv13 : .tlsv12
            configuration.cipherSuiteValues = Self.ciphers
            configuration.shutdownTimeout = Self.shutdownTimeout
            configuration.applicationProtocols = ["h2", "http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch let error as CertificateError {
            throw error
        } catch {
            throw CertificateError(
                "cannot use certificate \(files.certificate) and key \(files.key): \(error)"
            )
        }
    }
}

/// Why a certificate cannot be used, as a sentence that names the files.
package struct CertificateError: Error, CustomStringConvertible, Sendable {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
