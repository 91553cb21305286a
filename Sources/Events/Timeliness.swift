/// How an event's own time relates to the time of its receipt.
///
/// Only events that are filed by their own time have one of the marks.
package enum Timeliness: UInt8, Sendable {
    /// Filed by the time that counts, without a remark.
    case timely
    /// Its time is longer ago than `partition.late.after`.
    case late
    /// Its time is further ahead of the collector's clock than `partition.future`.
    case future
    /// It has no readable time of its own.
    case untimed
}

/// Counts of events that were not filed by their own time, by the reason.
package struct UntimelyCounts: Sendable, Equatable {
    package var late = 0
    package var future = 0
    package var untimed = 0

    package init() {}

    package mutating func add(_ timeliness: Timeliness) {
        switch timeliness {
        case .timely: break
        case .late: late &+= 1
        case .future: future &+= 1
        case .untimed: untimed &+= 1
        }
    }

    package static func += (sum: inout UntimelyCounts, other: UntimelyCounts) {
        sum.late += other.late
        sum.future += other.future
        sum.untimed += other.untimed
    }
}
