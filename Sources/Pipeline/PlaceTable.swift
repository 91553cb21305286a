import Intake
import Synchronization

/// The places of all sources by number, in the order of the sources.
///
/// A place is where one thread of a source connects to the path: it has its own rings. What counts
/// is the source: its figures are the sums of its places', and a request to it goes to all of them.
struct PlaceTable: Sendable {
    private(set) var shared: [SourceShared] = []
    /// By source, the numbers of its places.
    private var numbers: [Range<Int>] = []

    /// Adds the places of the next source.
    mutating func add(_ places: [SourceShared]) {
        precondition(!places.isEmpty, "a source has a place")
        numbers.append(shared.count..<(shared.count + places.count))
        shared += places
    }

    var count: Int { shared.count }

    /// The numbers of the sources.
    var sources: Range<Int> { numbers.indices }

    /// The numbers of a source's places.
    func numbers(of source: Int) -> Range<Int> { numbers[source] }

    /// The places of a source.
    subscript(source: Int) -> ArraySlice<SourceShared> { shared[numbers[source]] }

    /// The first place of each source, which has what the source's places have in common.
    var firsts: [SourceShared] { numbers.map { shared[$0.lowerBound] } }

    /// The producers of all sources.
    var producers: ProducerBook { shared[0].peerBook.producers }

    // MARK: - A source

    func ask(_ request: SourceShared.Request, of source: Int) {
        for place in self[source] { place.ask(request) }
    }

    func cancel(_ request: SourceShared.Request, of source: Int) {
        for place in self[source] { place.cancel(request) }
    }

    /// The requests to a source; all of its places have the same ones.
    func requests(of source: Int) -> SourceShared.Request {
        shared[numbers[source].lowerBound].requests
    }

    /// Whether everything that a source has received is in the rings.
    func hasEndedIntake(_ source: Int) -> Bool {
        self[source].allSatisfy { $0.intakeEnded.load(ordering: .acquiring) }
    }

    /// The sum of a figure over a source's places.
    func sum(of source: Int, _ figure: (SourceShared) -> Int) -> Int {
        self[source].reduce(0) { $0 + figure($1) }
    }
}
