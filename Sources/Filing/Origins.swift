import Archive
import Events
import Intake

/// Where the events of a message come from.
struct MessageOrigin {
    /// The source's index.
    var source = 0
    /// The number of the producer, under which its events are counted.
    var producer = 0
    /// Whose ids they have.
    var scope = IdentityScope(source: 0)
    /// When the message was received; microseconds since 1970 UTC.
    var receivedAt: Int64 = 0
}

/// The scopes and splicers of the producers that a writer has met, by number.
///
/// Plain memory, because every message is looked up in it. Only the writer's thread uses it.
struct Origins: ~Copyable {
    private let producers: ProducerBook
    private let node: String
    private let run: String
    private let sources: [String]
    private let scopes: UnsafeMutablePointer<IdentityScope?>
    /// By the number of the scope.
    let splicers: UnsafeMutablePointer<EventSplicer>
    /// The numbers of the splicers.
    private var spliced: [Int] = []

    init(_ producers: ProducerBook, node: String, run: String, sources: [String]) {
        self.producers = producers
        self.node = node
        self.run = run
        self.sources = sources
        scopes = .allocate(capacity: ProducerBook.countMax)
        scopes.initialize(repeating: nil, count: ProducerBook.countMax)
        splicers = .allocate(capacity: ProducerBook.countMax)
        for source in sources.indices { addSplicer(source, of: source, producer: "") }
    }

    deinit {
        for number in spliced { (splicers + number).deinitialize(count: 1) }
        splicers.deallocate()
        scopes.deallocate()
    }

    /// The scope of a producer's ids.
    @inline(__always)
    mutating func scope(of producer: Int) -> IdentityScope {
        scopes[producer] ?? meet(producer)
    }

    /// Whether a producer has a share of quarantine.
    func hasShare(_ producer: Int) -> Bool { producers[producer].hasShare }

    @inline(never)
    private mutating func meet(_ number: Int) -> IdentityScope {
        let producer = producers[number]
        let isKey = producer.kind == .key
        let scope = IdentityScope(
            number: isKey ? number : producer.source,
            source: producer.source,
            producer: isKey ? producer.nameBytes : UnsafeRawBufferPointer(start: nil, count: 0)
        )
        scopes[number] = scope
        if isKey { addSplicer(number, of: producer.source, producer: producer.name) }
        return scope
    }

    private mutating func addSplicer(_ number: Int, of source: Int, producer: String) {
        (splicers + number).initialize(
            to: EventSplicer(node: node, source: sources[source], run: run, producer: producer)
        )
        spliced.append(number)
    }
}
