import Synchronization

/// The number of one writer's commit: they count from 1, and become durable in this order.
///
/// Numbers of different writers have nothing to do with each other.
package struct CommitNumber: RawRepresentable, Comparable, Hashable, Sendable, AtomicRepresentable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Before the first commit: durable since before this run.
    package static let none = CommitNumber(rawValue: 0)

    /// The number of the commit after this one.
    package var next: CommitNumber { CommitNumber(rawValue: rawValue + 1) }

    package static func < (one: CommitNumber, other: CommitNumber) -> Bool {
        one.rawValue < other.rawValue
    }
}

extension CommitNumber: ExpressibleByIntegerLiteral, CustomStringConvertible {
    package init(integerLiteral value: UInt64) {
        self.init(rawValue: value)
    }

    package var description: String { "\(rawValue)" }
}
