import Agents
import Glibc
import Intake

/// A source in the test's own process with several places, which one thread serves in turn.
final class ProcessGroup: IntakeSource, Sendable {
    let endpoints = ["processes"]
    private let members: [ProcessSource]

    init(_ members: [ProcessSource]) {
        self.members = members
    }

    var isFinished: Bool { members.allSatisfy(\.isFinished) }

    func doWork() throws(IntakeError) -> Int {
        var count = 0
        for member in members { count += try member.doWork() }
        return count
    }

    func idle(after count: Int) -> IdleStrategy {
        count > 0 ? .none : .wait(nanoseconds: 100_000_000)
    }

    func wait(nanoseconds: Int64) throws(IntakeError) {
        var descriptors = members.map {
            pollfd(fd: $0.shared.eventDescriptor, events: Int16(POLLIN), revents: 0)
        }
        let count = nfds_t(descriptors.count)
        guard poll(&descriptors, count, Int32(nanoseconds / 1_000_000)) > 0 else { return }
        for member in members { member.shared.drainSignal() }
    }

    func takeNotices() -> [PeerNotice] { [] }

    func close() {
        for member in members { member.close() }
    }
}
