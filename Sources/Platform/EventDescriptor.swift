import CPlatform
import Glibc

/// A descriptor by which any thread wakes one that polls, see eventfd(2).
package struct EventDescriptor: ~Copyable, Sendable {
    /// For poll(2).
    package let number: Int32

    package init() throws(SystemError) {
        number = cplatform_eventfd()
        guard number >= 0 else { throw SystemError(code: -number) }
    }

    deinit {
        close(number)
    }

    /// Makes the descriptor readable.
    package func signal() {
        cplatform_eventfd_signal(number)
    }

    /// Takes every signal so far; none is no error.
    package func drain() {
        cplatform_eventfd_drain(number)
    }
}
