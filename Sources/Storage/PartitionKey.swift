import Archive
import Disk
package import Events
import Platform

/// The key of the open segment that an event belongs to: small numbers instead of text.
///
/// It holds only the values that the path uses.
package struct PartitionKey: Hashable, Sendable {
    /// Channel and event name by ``ValueTable``, in place of the name the combination of it with other
    /// values by ``PathValues``, or the rejection in quarantine.
    let values: UInt64
    /// Hour (or first hour of the day) since 1970 in the lower 32 bits, two's complement; source,
    /// or the mark of quarantine, in the upper 32.
    let place: UInt64

    static let quarantineMark: UInt64 = 1 << 63
    /// The key of no segment.
    package static let none = PartitionKey(values: .max, place: .max)

    init(values: UInt64, place: UInt64) {
        self.values = values
        self.place = place
    }

    var isQuarantine: Bool { place & Self.quarantineMark != 0 }

    /// The first hour of the partition's time span; 0 if its path has no time.
    ///
    /// ``PartitionTemplate/Values/otherHour`` for what is beyond the limit of such spans,
    /// ``PartitionTemplate/Values/lateHour`` for late events with a folder of their own.
    var hour: Int { Int(Int32(truncatingIfNeeded: place)) }

    /// Returns the key of the same values with a mark instead of the hour.
    func without(hour mark: Int) -> PartitionKey {
        let lower = UInt64(UInt32(truncatingIfNeeded: mark))
        return PartitionKey(values: values, place: place & ~UInt64(UInt32.max) | lower)
    }

    /// Mixes both words (the finaliser of splitmix64) for a table whose size is a power of two.
    var tableHash: Int {
        var hash = values &* 0x9E37_79B9_7F4A_7C15 ^ place
        hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
        return Int(truncatingIfNeeded: hash ^ hash >> 31)
    }
}

/// Computes the partition keys of events.
package struct PartitionRouter: ~Copyable {
    /// The time by which events are filed.
    package enum Time: String, Sendable {
        case received, event
    }

    package struct Configuration: Sendable {
        package var template: PartitionTemplate
        package var time: Time
        package var eventTimes = EventTimePolicy()
        /// Distinct values per key and hour; at least 1.
        package var valuesMax: Int
        package var node: String
        /// The sources' names, by index.
        package var sources: [String]
        /// Partitions of other hours than that of receipt, per source and hour of receipt.
        package var otherHoursMax = 1_000

        package init(
            template: PartitionTemplate,
            time: Time,
            valuesMax: Int,
            node: String,
            sources: [String]
        ) {
            self.template = template
            self.time = time
            self.valuesMax = valuesMax
            self.node = node
            self.sources = sources
        }
    }

    private let configuration: Configuration
    private let usesChannel: Bool
    private let usesEvent: Bool
    private let usesSource: Bool
    private let hoursPerPartition: Int
    private var channels: ValueTable
    private var events: ValueTable
    /// The values of paths into events; nil if the template has none.
    private let pathValues: PathValues?
    /// Whether it has: a test that counts no references.
    private let usesPaths: Bool
    /// Nil unless the events' own times decide; behind a pointer, so that filing by receipt costs
    /// nothing.
    private let eventTimes: UnsafeMutablePointer<EventTimes>?

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        usesChannel = configuration.template.uses(.channel)
        usesEvent = configuration.template.uses(.event)
        usesSource = configuration.template.uses(.source)
        hoursPerPartition = configuration.template.hoursPerPartition ?? 0
        channels = ValueTable(valuesMax: configuration.valuesMax)
        events = ValueTable(valuesMax: configuration.valuesMax)
        let paths = configuration.template.paths.count
        usesPaths = paths > 0
        pathValues =
            paths == 0 ? nil : PathValues(count: paths, valuesMax: configuration.valuesMax)
        guard configuration.time == .event, hoursPerPartition > 0 else {
            eventTimes = nil
            return
        }
        eventTimes = .allocate(capacity: 1)
        eventTimes?.initialize(
            to: EventTimes(
                configuration.eventTimes,
                otherHours: OtherHours(
                    countMax: configuration.otherHoursMax,
                    sources: configuration.sources.count
                )
            )
        )
    }

    deinit {
        eventTimes?.deinitialize(count: 1)
        eventTimes?.deallocate()
    }

    /// How late the events of the newest day came; nil unless their own times decide.
    package var lateness: Lateness? { eventTimes?.pointee.lateness }

    /// Whether a partition ends when the clock has passed its time span.
    var closesByClock: Bool { hoursPerPartition > 0 && eventTimes == nil }

    /// Returns the channel's number, for counting by channel.
    package mutating func channel(_ value: UnsafeRawBufferPointer, receivedAt: Int64) -> UInt32 {
        channels.id(of: value, hour: Int(receivedAt / 3_600_000_000))
    }

    /// Prefetches the entry that ``channel(_:receivedAt:)`` reads; returns the channel's hash.
    package func fetchChannel(_ value: UnsafeRawBufferPointer) -> UInt64 { channels.fetch(value) }

    /// Prefetches the text that it then compares; after ``fetchChannel(_:)``.
    package func fetchChannelText(hash: UInt64) { channels.fetchText(hash: hash) }

    package func channelName(_ id: UInt32) -> String {
        channels.name(id)
    }

    /// Returns the number of a name together with the values of paths.
    @inline(never)
    private func combined(name: UInt32, hour: Int) -> UInt32 {
        pathValues?.number(name: name, hour: hour) ?? name
    }

    /// Sets what the event that is placed next has at the template's paths; empty for nothing.
    @inline(never)
    package func set(paths values: UnsafeBufferPointer<UnsafeRawBufferPointer>) {
        pathValues?.values = values
    }

    /// Returns the key of an event, and how its own time was judged.
    ///
    /// Times are microseconds since 1970 UTC.
    package mutating func place(
        channel: UInt32,
        event: UnsafeRawBufferPointer,
        source: Int,
        receivedAt: Int64,
        eventTime: Int64?
    ) -> (key: PartitionKey, timeliness: Timeliness) {
        let receivedHour = Int(receivedAt / 3_600_000_000)
        var name = usesEvent ? events.id(of: event, hour: receivedHour) : 0
        if usesPaths { name = combined(name: name, hour: receivedHour) }
        let values = (usesChannel ? UInt64(channel) : 0) << 32 | UInt64(name)
        let sourcePart = (usesSource ? UInt64(source) : 0) << 32
        guard let eventTimes else {
            let hour = UInt64(UInt32(truncatingIfNeeded: firstHour(receivedAt)))
            return (PartitionKey(values: values, place: sourcePart | hour), .timely)
        }
        let timeliness = eventTimes.pointee.judge(eventTime, receivedAt: receivedAt)
        var filed = receivedAt
        if case .timely = timeliness, let eventTime { filed = eventTime }
        let hour = UInt64(UInt32(truncatingIfNeeded: firstHour(filed)))
        let key = PartitionKey(values: values, place: sourcePart | hour)
        if case .late = timeliness, eventTimes.pointee.policy.separatesLate {
            return (key.without(hour: PartitionTemplate.Values.lateHour), timeliness)
        }
        // Days begin with a whole number of days since 1970.
        let start = receivedHour - (hoursPerPartition == 1 ? 0 : receivedHour % hoursPerPartition)
        if key.hour == start { return (key, timeliness) }
        let bounded = eventTimes.pointee.otherHours.bounded(
            key,
            source: source,
            receivedHour: receivedHour
        )
        return (bounded, timeliness)
    }

    /// Returns the first hour of the partition for a time; 0 if its path has no time.
    func firstHour(_ micros: Int64) -> Int {
        guard hoursPerPartition > 0 else { return 0 }
        let hour = Timestamp.hour(micros)
        return hoursPerPartition == 1
            ? hour : hour - (hour - Timestamp.firstHour) % hoursPerPartition
    }

    /// Returns the key of a rejected piece: by reason and day.
    package func quarantineKey(_ rejection: Rejection, receivedAt: Int64) -> PartitionKey {
        let hour = Int(max(0, receivedAt) / 3_600_000_000)
        return PartitionKey(
            values: UInt64(rejection.index),
            place: PartitionKey.quarantineMark | UInt64(hour - hour % 24)
        )
    }

    /// Returns the folder of a key, below the data folder.
    func folder(_ key: PartitionKey) -> String {
        if key.isQuarantine {
            let reason = Rejection.allCases[Int(key.values)].rawValue
            let date = Timestamp.date(Int64(key.hour) * 3_600_000_000)
            return "\(SegmentFormat.quarantine)/reason=\(reason)/date=\(date)"
        }
        let source = Int(truncatingIfNeeded: key.place >> 32 & 0xFFFF)
        let name = UInt32(truncatingIfNeeded: key.values)
        let named = pathValues?.texts(of: name) ?? (name: name, values: [])
        let path = configuration.template.path(
            PartitionTemplate.Values(
                channel: channels.name(UInt32(truncatingIfNeeded: key.values >> 32)),
                event: events.name(named.name),
                source: configuration.sources[source],
                node: configuration.node,
                hour: key.hour,
                paths: named.values
            )
        )
        return DiskPath.join(SegmentFormat.events, path)
    }
}
