import Glibc
import Intake
import Platform

/// The listening sockets of a source, before and after its event loop takes them.
struct Listening: Sendable {
    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 4_096

    /// Lets as many connections wait as before: NIO listens again, for 128.
    static func restoreBacklog(of descriptor: Int32) {
        _ = listen(descriptor, backlog)
    }

    private(set) var descriptors: [Int32] = []
    /// Files of Unix sockets.
    private(set) var files: [UnixListener] = []
    /// Where each listens, with the ports that the system assigned.
    private(set) var names: [String] = []

    /// Listens on every endpoint; an error names the source and the endpoint.
    init(_ configuration: HTTPConfiguration) throws(IntakeError) {
        let scheme = configuration.certificate == nil ? "http" : "https"
        for endpoint in configuration.bind {
            do throws(IntakeError) {
                if endpoint.hasPrefix("unix:") {
                    try listenOnFile(String(endpoint.dropFirst(5)), configuration.files)
                } else if endpoint.hasPrefix(Self.passedPrefix) {
                    let name = String(endpoint.dropFirst(Self.passedPrefix.count))
                    try take(name, of: configuration.passed, scheme)
                } else {
                    try listenOnAddress(endpoint, scheme)
                }
            } catch {
                close()
                throw IntakeError(
                    "source '\(configuration.name)': cannot bind \(endpoint): \(error)"
                )
            }
        }
    }

    private mutating func listenOnFile(
        _ path: String,
        _ files: HTTPConfiguration.SocketFiles
    ) throws(IntakeError) {
        do throws(UnixListener.Failure) {
            let listener = try UnixListener.open(
                path: path,
                mode: files.mode,
                group: files.group,
                backlog: Self.backlog
            )
            descriptors.append(listener.descriptor)
            self.files.append(listener)
            names.append("unix:\(path)")
        } catch {
            throw IntakeError(error.reason)
        }
    }

    private mutating func listenOnAddress(_ endpoint: String, _ scheme: String) throws(IntakeError)
    {
        guard let colon = endpoint.lastIndex(of: ":"),
            let port = UInt16(endpoint[colon...].dropFirst())
        else { throw IntakeError("expected ADDRESS:PORT, unix:PATH or systemd:NAME") }
        let descriptor = StreamSocket.listen(
            host: endpoint[..<colon],
            port: port,
            backlog: Self.backlog
        )
        guard descriptor >= 0 else { throw IntakeError("\(SystemError(code: -descriptor))") }
        add(descriptor, scheme)
    }

    /// Adds a socket that listens.
    mutating func add(_ descriptor: Int32, _ scheme: String) {
        descriptors.append(descriptor)
        let name = StreamConnection.localName(descriptor)
        // A Unix socket has no such name.
        names.append(name.isEmpty ? "unix" : scheme + name.dropFirst("tcp".count))
    }

    /// Closes what no event loop has taken.
    func close() {
        for descriptor in descriptors { _ = Glibc.close(descriptor) }
        for file in files { file.unlinkFile() }
    }
}
