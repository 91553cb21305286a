package import Intake
import Platform
import Synchronization

/// A key with which clients send, and what it allows.
package struct WriteKey: Sendable, Equatable {
    /// Its name in metadata, logs and figures.
    package var name: String
    /// A secret, or a text in the source of a page.
    package var key: String
    /// The channel of events that name none; nil for the source's.
    package var channel: String?
    /// The web sites that may use it; none means no browser.
    package var origins: [OriginPattern]
    /// Requests per second; 0 is without limit.
    package var rate: Int

    package init(
        name: String,
        key: String,
        channel: String? = nil,
        origins: [OriginPattern] = [],
        rate: Int = 0
    ) {
        self.name = name
        self.key = key
        self.channel = channel
        self.origins = origins
        self.rate = rate
    }
}

/// The keys of a source.
///
/// Any thread may replace them; event loops then take the new table.
package final class WriteKeys: Sendable {
    private let table: Mutex<WriteKeyTable>
    private let quotas = Mutex(Quotas())
    /// What becomes of requests with other keys.
    package let unknown: UnknownKeys
    private let generation = Atomic<Int>(0)

    package init(_ keys: [WriteKey], unknown: UnknownKeyRule = .refuse) {
        self.unknown = UnknownKeys(unknown)
        table = Mutex(WriteKeyTable(keys))
    }

    /// Replaces the keys; returns whether they differ.
    package func replace(by keys: [WriteKey]) -> Bool {
        let isOther = table.withLock { table in
            guard table.keys != keys else { return false }
            table = WriteKeyTable(keys)
            return true
        }
        if isOther { generation.wrappingAdd(1, ordering: .releasing) }
        return isOther
    }

    /// How often the keys were replaced by others.
    var changes: Int { generation.load(ordering: .acquiring) }

    var current: WriteKeyTable { table.withLock { $0 } }

    /// Counts a request; returns the seconds to wait if its key has used its rate.
    func wait(for key: WriteKey) -> Int? {
        guard key.rate > 0 else { return nil }
        let now = SystemClock.monotonicNanoseconds
        return quotas.withLock { $0.wait(for: key.name, rate: key.rate, at: now) }
    }
}

extension WriteKeys: RequestGate {
    package func admit(
        key: UnsafeRawBufferPointer?,
        origin: UnsafeRawBufferPointer
    ) -> GateVerdict {
        let table = current
        guard let key else {
            unknown.countWithoutKey()
            return .refused(reason: Reply.Code.unauthorized.rawValue)
        }
        guard key.count <= Credentials.keyBytesMax,
            let place = table.place(of: String(decoding: key, as: UTF8.self))
        else { return unknown.verdict }
        let page = String(decoding: origin, as: UTF8.self)
        guard page.isEmpty || table.allows(page, key: place) else {
            return .refused(reason: Reply.Code.origin.rawValue)
        }
        guard wait(for: table.keys[place]) == nil else {
            return .refused(reason: Reply.Code.quota.rawValue)
        }
        return .admitted(name: table.keys[place].name, channel: table.keys[place].channel ?? "")
    }

    package func isKey(_ text: UnsafeRawBufferPointer) -> Bool {
        text.count <= Credentials.keyBytesMax
            && current.place(of: String(decoding: text, as: UTF8.self)) != nil
    }

    package func cover(_ text: UnsafeMutableRawBufferPointer) -> Bool {
        KeySearch(current.keys.map(\.key)).cover(text)
    }
}

/// The keys of a source at a time.
struct WriteKeyTable: Sendable {
    let keys: [WriteKey]
    private let places: [String: Int]

    init(_ keys: [WriteKey]) {
        self.keys = keys
        places = Dictionary(keys.enumerated().map { ($1.key, $0) }) { first, _ in first }
    }

    /// Whether the source has no keys: everybody who reaches it may send.
    var isOpen: Bool { keys.isEmpty }

    /// The place of a key; nil if it is unknown.
    func place(of key: String) -> Int? { places[key] }

    /// Whether a page of `origin` may send with the key, or with any key if it is not known yet.
    func allows(_ origin: String, key place: Int?) -> Bool {
        if isOpen { return OriginPattern.isLocal(origin) }
        if let place { return keys[place].origins.contains { $0.matches(origin) } }
        return keys.contains { key in key.origins.contains { $0.matches(origin) } }
    }
}
