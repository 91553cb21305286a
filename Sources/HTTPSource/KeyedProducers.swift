import Intake

/// The producers of a source's keys, by the place of the key in the table.
struct KeyedProducers {
    private let book: PeerBook
    private let others: Producer
    private var byPlace: [Producer] = []

    init(_ book: PeerBook, _ keys: WriteKeyTable) {
        self.book = book
        others = book.others
        set(keys)
    }

    /// Takes the producers of another table of keys.
    mutating func set(_ keys: WriteKeyTable) {
        byPlace = keys.keys.map { book.producer(key: $0.name) ?? others }
    }

    /// The producer of a request: that of its webhook or key, of unknown keys, or the source's others.
    ///
    /// The request keeps that of its key: while it is under way, another table may come.
    subscript(request: Request) -> Producer {
        if request.hasUnknownKey { return book.producer(key: UnknownKeys.producer) ?? others }
        return request.delivery?.door.producer ?? request.producer ?? others
    }

    /// The producer of a key, by its place in the table that was taken last.
    subscript(key: Int) -> Producer { byPlace.indices.contains(key) ? byPlace[key] : others }

    /// How long a producer has to wait under `limits.perProducer`, in seconds; nil if it need not.
    func wait(_ request: Request, monotonic: Int64, wall: Int64) -> Int? {
        guard let limits = book.producers.limitsInForce else { return nil }
        let allowance = self[request].allowance
        if allowance.isDaySpent(on: wall, of: limits) { return Self.secondsMax }
        return allowance.isSpent(at: monotonic, of: limits) ? 1 : nil
    }

    /// Counts a request that was put into a ring.
    func took(_ request: Request, bytes: Int, at monotonic: Int64) {
        self[request].intake.add(messages: 1, bytes: bytes)
        guard let limits = book.producers.limitsInForce else { return }
        _ = self[request].allowance.charge(
            messages: 1,
            bytes: bytes,
            of: limits,
            at: monotonic
        )
    }

    private static let secondsMax = 300
}
