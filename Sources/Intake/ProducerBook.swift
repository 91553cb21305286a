import Synchronization

/// All producers of a run, of every source, by number.
///
/// The first numbers are those of the sources' ``Producer/Kind/others``, in the order of the sources.
/// A number is never reused, so that what was counted under it stays true; beyond the limits
/// addresses count as others, and a new key is refused.
///
/// Any thread may call.
package final class ProducerBook: Sendable {
    /// Producers of a run, at most.
    package static let countMax = 4_096
    /// Addresses of a source that are told apart.
    package static let addressesMax = 256
    /// Numbers that only keys may use.
    private static let reservedForKeys = countMax / 2

    private struct Name: Hashable {
        var source: Int
        var kind: Producer.Kind
        var text: String
    }

    private struct Table {
        var producers: [Producer]
        var numbers: [Name: Int] = [:]
        /// By source.
        var addresses: [Int]
    }

    private let table: Mutex<Table>
    private let limits = Mutex(ProducerLimits())
    private let isLimited = Atomic<Bool>(false)

    /// - `sources`: their number.
    package init(sources: Int) {
        precondition(sources < Self.countMax, "too many sources")
        table = Mutex(
            Table(
                producers: (0..<sources).map { Producer(number: $0, source: $0, kind: .others) },
                addresses: Array(repeating: 0, count: sources)
            )
        )
    }

    /// All producers so far, by number.
    package var all: [Producer] { table.withLock { $0.producers } }

    package subscript(number: Int) -> Producer { table.withLock { $0.producers[number] } }

    /// The producers of a source that are not told apart.
    package func others(of source: Int) -> Producer { self[source] }

    /// The producer with a key of this name; nil if there is no number left for it.
    package func producer(of source: Int, key name: String) -> Producer? {
        find(Name(source: source, kind: .key, text: name), below: Self.countMax)
    }

    /// The producer at an address; the source's others if too many were seen.
    package func producer(of source: Int, address: String) -> Producer {
        find(
            Name(source: source, kind: .address, text: address),
            below: Self.countMax - Self.reservedForKeys
        ) ?? others(of: source)
    }

    private func find(_ name: Name, below countMax: Int) -> Producer? {
        table.withLock { table in
            if let number = table.numbers[name] { return table.producers[number] }
            let number = table.producers.count
            let isAddress = name.kind == .address
            guard number < countMax,
                !isAddress || table.addresses[name.source] < Self.addressesMax
            else { return nil }
            if isAddress { table.addresses[name.source] += 1 }
            let producer = Producer(
                number: number,
                source: name.source,
                name: name.text,
                kind: name.kind
            )
            table.producers.append(producer)
            table.numbers[name] = number
            return producer
        }
    }

    // MARK: - Limits

    /// Sets what each producer may send, effective at once.
    package func set(_ limits: ProducerLimits) {
        self.limits.withLock { $0 = limits }
        isLimited.store(!limits.isNone, ordering: .releasing)
    }

    /// What each producer may send; nil without any limit, which costs one atomic load.
    package var limitsInForce: ProducerLimits? {
        isLimited.load(ordering: .acquiring) ? limits.withLock { $0 } : nil
    }
}
