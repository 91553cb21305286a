import Platform

/// A lock on `PATH.lock` for an `ipc://PATH` endpoint: without it, libzmq lets a second process
/// silently take over a bound path, and the first one receives nothing more.
package final class EndpointLock: Sendable {
    private let lock: FileLock

    /// Nil for endpoints that need no lock (tcp, and abstract ipc names).
    package init?(endpoint: String) throws(IntakeError) {
        guard endpoint.hasPrefix("ipc://"), !endpoint.hasPrefix("ipc://@") else { return nil }
        let path = endpoint.dropFirst("ipc://".count) + ".lock"
        do throws(FileLock.Failure) {
            lock = try FileLock(path: String(path))
        } catch {
            switch error {
            case .open(let cause):
                throw IntakeError("cannot lock \(endpoint): open \(path): \(cause)")
            case .lock, .isHeld:
                throw IntakeError("\(endpoint) is in use by another process (it holds \(path))")
            }
        }
    }
}
