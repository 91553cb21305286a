import Glibc
import Intake
import Platform

/// The listening sockets of a source, with their names and files.
struct Endpoints: ~Copyable {
    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 4_096

    private enum Listening {
        case tcp(Int32)
        case unix(UnixListener, EndpointLock?)

        var descriptor: Int32 {
            switch self {
            case .tcp(let descriptor): descriptor
            case .unix(let listener, _): listener.descriptor
            }
        }
    }

    private var all: [Listening] = []
    /// Where each listens, with the ports that the system assigned.
    private(set) var names: [String] = []

    /// Listens on every endpoint; an error names the source and the endpoint.
    init(_ configuration: ListenerConfiguration) throws(IntakeError) {
        for endpoint in configuration.bind {
            do throws(IntakeError) {
                try listen(endpoint, configuration.files)
            } catch {
                throw IntakeError("source '\(configuration.name)': \(error)")
            }
        }
    }

    deinit {
        for listening in all {
            close(listening.descriptor)
            if case .unix(let listener, _) = listening { listener.unlinkFile() }
        }
    }

    var count: Int { all.count }

    func descriptor(_ at: Int) -> Int32 { all[at].descriptor }

    /// What is wrong with a Unix socket's file; nil if nothing is.
    var missingFile: String? {
        for case .unix(let listener, _) in all where !listener.hasItsFile {
            let name = "ipc://\(listener.path)"
            return FileIdentity(path: listener.path) == nil
                ? "\(name): the socket's file is gone; restart touchpointd"
                : "\(name): the socket's file is another's; restart touchpointd"
        }
        return nil
    }

    private mutating func listen(
        _ endpoint: String,
        _ files: ListenerConfiguration.SocketFiles
    ) throws(IntakeError) {
        if endpoint.hasPrefix("ipc://") {
            try listenOnFile(endpoint, files)
        } else if endpoint.hasPrefix("tcp://") {
            try listenOnAddress(endpoint)
        } else {
            throw IntakeError("cannot bind \(endpoint): expected tcp:// or ipc://")
        }
    }

    private mutating func listenOnFile(
        _ endpoint: String,
        _ files: ListenerConfiguration.SocketFiles
    ) throws(IntakeError) {
        let lock = try EndpointLock(endpoint: endpoint)
        let path = String(endpoint.dropFirst("ipc://".count))
        do throws(UnixListener.Failure) {
            let listener = try UnixListener.open(
                path: path,
                mode: files.mode,
                group: files.group,
                lock: lock == nil ? .own : .callers,
                backlog: Self.backlog
            )
            all.append(.unix(listener, lock))
            names.append(endpoint)
        } catch {
            throw IntakeError("cannot bind \(endpoint): \(error.reason)")
        }
    }

    private mutating func listenOnAddress(_ endpoint: String) throws(IntakeError) {
        let address = endpoint.dropFirst("tcp://".count)
        guard let colon = address.lastIndex(of: ":"),
            let port = Self.port(address[address.index(after: colon)...])
        else { throw IntakeError("cannot bind \(endpoint): expected tcp://HOST:PORT") }
        let descriptor = StreamSocket.listen(
            host: address[..<colon],
            port: port,
            backlog: Self.backlog
        )
        guard descriptor >= 0 else {
            throw IntakeError("cannot bind \(endpoint): \(SystemError(code: -descriptor))")
        }
        all.append(.tcp(descriptor))
        names.append(StreamConnection.localName(descriptor))
    }

    private static func port(_ text: Substring) -> UInt16? { text == "*" ? 0 : UInt16(text) }
}
