import CPlatform
import Glibc

/// A set of descriptors that one thread waits for, see epoll(7); level-triggered.
///
/// One thread uses it.
package struct EventPoll: ~Copyable {
    /// What to wait for; the end of a connection is always reported.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// There is something to read, or the other end has ended its direction.
        package static let readable = Interest(rawValue: EPOLLIN.rawValue)
        /// There is room to write.
        package static let writable = Interest(rawValue: EPOLLOUT.rawValue)
        /// The other end has ended its direction.
        package static let ending = Interest(rawValue: EPOLLRDHUP.rawValue)
        /// The connection has ended in both directions, or failed.
        package static let ended = Interest(
            rawValue: EPOLLHUP.rawValue | EPOLLERR.rawValue
        )
    }

    /// A descriptor's state, with the token that it was added with.
    package struct Event {
        package let token: UInt64
        package let state: Interest
    }

    /// The set itself; readable while a member is ready, so a set can be a member of another.
    package let descriptor: Int32
    private let events: UnsafeMutablePointer<cplatform_event>
    private let eventsMax: Int

    /// `eventsMax`: the most events that one ``wait(milliseconds:)`` reports, 1 or more.
    package init(eventsMax: Int) throws(SystemError) {
        descriptor = cplatform_epoll_create()
        guard descriptor >= 0 else { throw SystemError(code: -descriptor) }
        self.eventsMax = eventsMax
        events = .allocate(capacity: eventsMax)
        events.initialize(repeating: cplatform_event(), count: eventsMax)
    }

    deinit {
        events.deallocate()
        close(descriptor)
    }

    /// Adds a descriptor; returns 0, or an errno.
    package func add(_ descriptor: Int32, token: UInt64, for interest: Interest) -> Int32 {
        -cplatform_epoll_add(self.descriptor, descriptor, token, interest.rawValue)
    }

    /// Changes what is waited for; returns 0, or an errno.
    @discardableResult
    package func change(_ descriptor: Int32, token: UInt64, to interest: Interest) -> Int32 {
        -cplatform_epoll_change(self.descriptor, descriptor, token, interest.rawValue)
    }

    /// Removes a descriptor; closing the last descriptor of a file removes it as well.
    package func remove(_ descriptor: Int32) {
        _ = cplatform_epoll_remove(self.descriptor, descriptor)
    }

    /// Waits until a descriptor is ready, at most for the given time; returns how many are.
    ///
    /// 0 does not wait; an interrupted wait returns 0.
    package func wait(milliseconds: Int32) -> Int {
        Int(cplatform_epoll_wait(descriptor, events, Int32(eventsMax), milliseconds))
    }

    /// An event of the last wait, below the number that it returned.
    package subscript(at: Int) -> Event {
        Event(token: events[at].token, state: Interest(rawValue: events[at].state))
    }
}
