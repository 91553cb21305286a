import Glibc

/// A sleep of a thread that nothing ends early.
package struct Pause: Sendable, Equatable {
    package let microseconds: UInt32

    private init(microseconds: UInt32) {
        self.microseconds = microseconds
    }

    package static func microseconds(_ count: UInt32) -> Pause { Pause(microseconds: count) }

    package static func milliseconds(_ count: UInt32) -> Pause {
        Pause(microseconds: count * 1_000)
    }

    /// Sleeps for the pause.
    package func take() {
        if microseconds > 0 { usleep(microseconds) }
    }
}
