import Glibc
import Synchronization

/// Whether the user asked the program to end (SIGINT, SIGTERM).
///
/// A second signal ends it immediately.
package enum Interruption {
    private static let requested = Atomic<Bool>(false)

    /// True from the first signal on; any thread may call it.
    package static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Installs the signal handlers.
    package static func install() {
        _ = isRequested
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in
                Interruption.requested.store(true, ordering: .relaxed)
            }
            action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
            sigaction(number, &action, nil)
        }
    }
}
