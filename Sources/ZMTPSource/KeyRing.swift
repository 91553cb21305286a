package import Keys
import Synchronization
package import Wire

/// The keys of a source with CURVE: the collector's own, and those of the producers that may connect.
///
/// Any thread may replace the producers' keys; the source's thread then ends the connections of keys
/// that are gone.
package final class KeyRing: Sendable {
    /// The collector's long-term keys.
    package let server: CurveKeyPair
    private let table: Mutex<CurveKeyTable>
    private let generation = Atomic<Int>(0)

    package init(server: CurveKeyPair, producers: CurveKeyTable) {
        self.server = server
        table = Mutex(producers)
    }

    /// The name of the producer that has a key; nil if it may not connect.
    func name(of key: CurveKey) -> String? { table.withLock { $0.name(of: key) } }

    /// Replaces the producers' keys; returns whether they differ.
    package func replace(by producers: CurveKeyTable) -> Bool {
        let isOther = table.withLock { table in
            defer { table = producers }
            return table != producers
        }
        if isOther { generation.wrappingAdd(1, ordering: .releasing) }
        return isOther
    }

    /// How often the producers' keys were replaced by others.
    var changes: Int { generation.load(ordering: .acquiring) }
}
