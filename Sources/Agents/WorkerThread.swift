import Glibc
import Platform
import Synchronization

/// A named operating-system thread that runs one closure.
///
/// Swift's concurrency has few threads, which must not block; these may.
final class WorkerThread: Sendable {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    private let body: Body
    private let handle = Mutex<pthread_t?>(nil)

    init(name: String, _ run: @escaping @Sendable () -> Void) {
        body = Body(name: name, run: run)
    }

    /// Starts the thread; call once.
    ///
    /// Running out of threads is a programmer's error: there are as many as sources and writers.
    func start() {
        handle.withLock { handle in
            precondition(handle == nil, "thread \(body.name) was started before")
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(body).toOpaque()
            let result = pthread_create(&thread, nil, workerThreadMain, argument)
            precondition(result == 0, "cannot start thread \(body.name): error \(result)")
            handle = thread
        }
    }

    /// Waits for the end of a started thread; call once.
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
