import FoundationEssentials
import Glibc
import Platform

/// Opening the socket's file.
extension ControlServer {
    /// Creates missing parent folders, binds, sets the mode and listens.
    static func openSocket(
        _ configuration: Configuration
    ) throws(ControlServerError) -> UnixListener {
        let path = configuration.path
        if UnixAddress(path: path) != nil { try createParent(of: path) }
        do throws(UnixListener.Failure) {
            return try UnixListener.open(path: path, mode: configuration.mode)
        } catch {
            throw ControlServerError(error, path: path)
        }
    }

    private static func createParent(of path: String) throws(ControlServerError) {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        } catch {
            let cause = (error as? CocoaError)?.underlying as? POSIXError
            throw .system(
                cause?.code.rawValue ?? EIO,
                "creating the folder \(parent.path)",
                path: path
            )
        }
    }
}

extension ControlServerError {
    /// The control socket's form of a socket's failure.
    init(_ failure: UnixListener.Failure, path: String) {
        switch failure.kind {
        case .pathTooLong:
            let advice = "; choose a shorter 'control.socket'"
            self.init(.pathTooLong, path: path, reason: failure.reason + advice)
        case .inUse:
            let advice = "; stop that one, or choose another socket"
            self.init(.inUse, path: path, reason: failure.reason + advice)
        case .notASocket: self.init(.notASocket, path: path, reason: failure.reason)
        case .system(let code): self.init(.system(code), path: path, reason: failure.reason)
        }
    }
}
