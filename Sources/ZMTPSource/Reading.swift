import Intake
import Platform
import Wire

/// What reading a source's connections needs: one for all of them.
struct Reading: ~Copyable {
    var buffer = ReadBuffer()
    let splitter: MessageSplitter
    /// Where the answer to the message that was read last goes.
    var address = PeerAddress()

    init(_ splitter: MessageSplitter) {
        self.splitter = splitter
    }

    /// Begins return addresses with a connection's name.
    mutating func nameAddress(_ serial: UInt32) {
        withUnsafeBytes(of: serial) { _ = address.begin($0) }
    }
}

/// The messages of a round: what becomes of them, how many there are, and when they came.
struct Round {
    enum Reception {
        /// They go into a ring.
        case taken
        /// They wait until intake resumes.
        case kept
        /// They are answered at once.
        case refused(Answer)
    }

    let reception: Reception
    var count = 0
    /// Microseconds since 1970 UTC.
    let receivedAt = SystemClock.wallMicroseconds
}
