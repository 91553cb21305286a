import Events

/// The partitions of events whose own time is not that of receipt, bounded, so that a producer's wrong
/// times cannot make a folder for every hour that there is.
///
/// Only with `partition.time: event`. One thread, the writer's.
struct OtherHours {
    private let countMax: Int
    /// The hour of receipt that is counted.
    private var hour = Int.min
    private var keys: Set<PartitionKey> = []
    /// By source.
    private var counts: [Int]

    init(countMax: Int, sources: Int) {
        self.countMax = countMax
        counts = Array(repeating: 0, count: sources)
    }

    /// Returns the key, or that of the same values without a time if the source has used up its hour.
    @inline(never)
    mutating func bounded(
        _ key: PartitionKey,
        source: Int,
        receivedHour: Int
    ) -> PartitionKey {
        if receivedHour != hour { begin(receivedHour) }
        if keys.contains(key) { return key }
        guard counts[source] < countMax else {
            return key.without(hour: PartitionTemplate.Values.otherHour)
        }
        counts[source] += 1
        keys.insert(key)
        return key
    }

    private mutating func begin(_ receivedHour: Int) {
        hour = receivedHour
        keys.removeAll(keepingCapacity: true)
        for source in counts.indices { counts[source] = 0 }
    }
}
