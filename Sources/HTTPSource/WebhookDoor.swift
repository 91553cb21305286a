import Intake
import Synchronization
package import Webhooks

/// The webhooks of a source.
///
/// Any thread may replace them; event loops then take the new ones.
package final class WebhookList: Sendable {
    private let settings: Mutex<[WebhookSettings]>
    private let replays = Mutex<[String: SharedReplays]>([:])
    private let generation = Atomic<Int>(0)

    package init(_ settings: [WebhookSettings]) {
        self.settings = Mutex(settings)
    }

    /// Replaces the webhooks; returns whether they differ.
    package func replace(by fresh: [WebhookSettings]) -> Bool {
        let isOther = settings.withLock { settings in
            guard settings != fresh else { return false }
            settings = fresh
            return true
        }
        if isOther { generation.wrappingAdd(1, ordering: .releasing) }
        return isOther
    }

    /// How often the webhooks were replaced by others.
    var changes: Int { generation.load(ordering: .acquiring) }

    var current: [WebhookSettings] { settings.withLock { $0 } }

    /// The tokens that were used at a webhook, on whichever event loop.
    func replays(of path: String) -> SharedReplays {
        replays.withLock { replays in
            if let known = replays[path] { return known }
            let fresh = SharedReplays()
            replays[path] = fresh
            return fresh
        }
    }
}

/// The tokens that were used at a webhook; all event loops of its source have the same.
final class SharedReplays: Sendable {
    let memory = Mutex(ReplayMemory())
}

/// One webhook of an event loop, which alone uses it.
final class WebhookDoor {
    let settings: WebhookSettings
    let producer: Producer
    /// Nil if the settings cannot work: then every request is refused.
    private let verifier: WebhookVerifier?
    private let replays: SharedReplays

    init(_ settings: WebhookSettings, producer: Producer, replays: SharedReplays) {
        self.settings = settings
        self.producer = producer
        verifier = try? settings.verifier()
        self.replays = replays
    }

    /// The same webhook with other settings; tokens that were used stay used.
    func changed(to fresh: WebhookSettings) -> WebhookDoor {
        fresh == settings ? self : WebhookDoor(fresh, producer: producer, replays: replays)
    }

    /// Returns if the request is from the owner of a secret.
    func verify(_ request: WebhookRequest, now: Int64) throws(SignatureFault) -> ReplayMark? {
        guard let verifier else { throw .mismatch }
        return try replays.memory.withLock { (memory) throws(SignatureFault) in
            try verifier.verify(request, now: now, replays: &memory)
        }
    }

    /// Lets a token be used again, whose events were not stored.
    func forget(_ mark: ReplayMark) { replays.memory.withLock { $0.forget(mark) } }

    /// The end of a path below the webhook's; nil if the path is another's.
    func rest(of path: Substring) -> Substring? {
        if path == settings.path { return "" }
        guard settings.hasSecretPath, path.hasPrefix(settings.path + "/") else { return nil }
        return path.dropFirst(settings.path.utf8.count + 1)
    }
}

/// The webhooks of an event loop.
struct WebhookDoors {
    private let list: WebhookList
    private let book: PeerBook
    private var changes: Int
    private var doors: [WebhookDoor]

    init(_ list: WebhookList, _ book: PeerBook) {
        self.list = list
        self.book = book
        changes = list.changes
        doors = list.current.map { Self.door($0, of: list, in: book) }
    }

    /// Takes other settings, if there are any.
    mutating func refresh() {
        guard list.changes != changes else { return }
        changes = list.changes
        doors = list.current.map { settings in
            let known = doors.first { $0.settings.path == settings.path }
            return known?.changed(to: settings) ?? Self.door(settings, of: list, in: book)
        }
    }

    /// Returns the webhook of a path, and the end of the path below it.
    func find(_ path: Substring) -> (door: WebhookDoor, rest: Substring)? {
        for door in doors {
            if let rest = door.rest(of: path) { return (door, rest) }
        }
        return nil
    }

    private static func door(
        _ settings: WebhookSettings,
        of list: WebhookList,
        in book: PeerBook
    ) -> WebhookDoor {
        WebhookDoor(
            settings,
            producer: book.producer(key: settings.path) ?? book.others,
            replays: list.replays(of: settings.path)
        )
    }
}
