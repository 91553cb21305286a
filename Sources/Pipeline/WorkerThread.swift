import Glibc
import Platform
import Synchronization

/// Counts a thread's rounds, so that somebody else can see it make progress.
package final class Heartbeat: Sendable {
    private let count = Atomic<Int>(0)

    /// Called by the thread itself, at least once a second.
    func beat() {
        count.wrappingAdd(1, ordering: .relaxed)
    }

    package var beats: Int { count.load(ordering: .relaxed) }
}

/// A named operating-system thread that runs one closure.
///
/// Swift's concurrency keeps few threads that must not block; these may.
final class WorkerThread: Sendable {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    private let handle: Mutex<pthread_t?>

    /// Starts the thread.
    ///
    /// Running out of threads is a programmer's error: there are as many as sources and writers.
    init(name: String, _ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        let result = pthread_create(&thread, nil, workerThreadMain, body.toOpaque())
        precondition(result == 0, "cannot start thread \(name): error \(result)")
        handle = Mutex(thread)
    }

    /// Waits for the end; once.
    func join() {
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let thread { pthread_join(thread, nil) }
    }

    fileprivate static func main(_ argument: UnsafeMutableRawPointer) {
        let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        // Signals are for the life cycle's thread.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        SystemProcess.nameThread(body.name)
        body.run()
    }
}

private func workerThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument { WorkerThread.main(argument) }
    return nil
}
