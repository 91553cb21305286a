import Dedup
package import Events
import Storage

/// Some events of one message, or of messages that are read together, with the results of each step
/// of filing.
///
/// All are read before the first is filed. With a thousand partitions or millions of ids an event's
/// lookups miss every cache, and each step would wait for the previous one. So each step is run for
/// a whole burst (as packet processors do; DPDK's bursts are 32 packets).
///
/// Only one writer's thread uses it. Plain memory, because every event is in it.
package struct EventBurst: ~Copyable {
    package static let eventsMax = PayloadReader.burstSize

    /// The number of events and pieces; only the last may be one that the reader rejected.
    package internal(set) var count = 0
    /// Where the message comes from.
    var origin = MessageOrigin()
    /// The events as read.
    let views: UnsafeMutableBufferPointer<EventView>
    let verdicts: UnsafeMutablePointer<Verdict>
    /// The route of each event; unset unless it is written.
    let routes: UnsafeMutablePointer<Route>
    /// The slot in the store of each piece that was written; -1 for others.
    let slots: UnsafeMutablePointer<Int32>
    /// Hashes for the lookup of the channels' numbers, while memory is prefetched for it.
    let hashes: UnsafeMutablePointer<UInt64>
    /// The ids of the events, if the source looks them up.
    var identities = IdentityBurst(capacity: eventsMax)
    /// The events whose verdict a judge has changed, one bit each.
    private var judged = 0
    /// The events of requests that say where these have what they are known by, one bit each.
    private var placed = 0
    /// Whether any event has edits, or metadata of its own.
    package private(set) var isEdited = false
    /// The plan that its events were checked with; only while ``isEdited``.
    private(set) var plan: PlanChecks?
    /// The values of `partition.path`; nil if it has no paths.
    private var keys: KeyValues?
    /// By event; empty unless any event has some.
    private var edits: [[EventEdit]] = []
    /// By event, the identity in place of its `messageId`; empty unless any event has one.
    private var identified: [ProfiledIdentity?] = []

    package init() {
        views = .allocate(capacity: Self.eventsMax)
        views.initialize(repeating: EventView())
        verdicts = .allocate(capacity: Self.eventsMax)
        verdicts.initialize(repeating: .write, count: Self.eventsMax)
        routes = .allocate(capacity: Self.eventsMax)
        slots = .allocate(capacity: Self.eventsMax)
        hashes = .allocate(capacity: Self.eventsMax)
    }

    deinit {
        views.deallocate()
        verdicts.deallocate()
        routes.deallocate()
        slots.deallocate()
        hashes.deallocate()
    }

    /// Begins with so many pieces that were just read into ``views``.
    mutating func begin(_ count: Int) {
        self.count = count
        if isEdited { forgetEdits() }
        judged = 0
        placed = 0
        for at in 0..<count {
            verdicts[at] = .write
            slots[at] = -1
        }
        // Only the last one may be a rejection.
        if let rejection = views[count - 1].rejection {
            verdicts[count - 1] = .quarantine(rejection)
        }
    }

    @inline(never)
    private mutating func forgetEdits() {
        isEdited = false
        plan = nil
        edits.removeAll()
        identified.removeAll()
    }

    /// Whether the reader or a judge has rejected a piece.
    var hasRejections: Bool { views[..<count].contains { $0.rejection != nil } }

    /// Whether an event that the reader accepted was refused by a judge.
    func isJudged(_ place: Int) -> Bool { judged & 1 << place != 0 }

    @inline(__always)
    func isWritten(_ place: Int) -> Bool {
        if case .write = verdicts[place] { return true }
        return false
    }

    // MARK: - For judges and observers

    /// The source's index.
    @inline(__always)
    package var source: Int { origin.source }

    /// When the message was received; microseconds since 1970 UTC.
    package var receivedAt: Int64 { origin.receivedAt }

    package func view(at place: Int) -> EventView { views[place] }

    package func verdict(at place: Int) -> Verdict { verdicts[place] }

    /// The slot of the segment that has the piece; nil if none has.
    package func slot(at place: Int) -> Int? { slots[place] < 0 ? nil : Int(slots[place]) }

    /// Changes the verdict on an event.
    package mutating func judge(_ verdict: Verdict, at place: Int) {
        precondition(place < count && views[place].rejection == nil, "no event to judge")
        if case .quarantine(let rejection) = verdict { views[place].rejection = rejection }
        verdicts[place] = verdict
        judged |= 1 << place
    }

    /// Makes an event be written with changes.
    ///
    /// `edits`: in the order of the text, not overlapping, after its opening brace; the result must
    /// be an object again.
    package mutating func edit(at place: Int, _ edits: [EventEdit]) {
        precondition(place < count, "no such event")
        EventEdit.check(edits, in: views[place].bytes)
        beginEdits()
        self.edits[place] = edits
    }

    private mutating func beginEdits() {
        isEdited = true
        if edits.isEmpty { edits = Array(repeating: [], count: Self.eventsMax) }
    }

    /// Notes the identity in place of the `messageId` of an event; it is written with the collector's
    /// metadata, so the event counts as edited.
    mutating func identify(_ identity: ProfiledIdentity, at place: Int) {
        beginEdits()
        if !isIdentified { identified = Array(repeating: nil, count: Self.eventsMax) }
        identified[place] = identity
    }

    /// Notes the plan that the events were checked with; its version is written with them.
    mutating func check(with plan: PlanChecks) {
        self.plan = plan
        isEdited = true
    }

    /// Notes that the request of an event says where it has what it is known by.
    mutating func notePlaces(_ place: Int) { placed |= 1 << place }

    func hasPlaces(_ place: Int) -> Bool { placed & 1 << place != 0 }

    /// Notes what the events have at the paths of their folder.
    mutating func take(keys: KeyValues?) { self.keys = keys }

    /// What an event has at the paths of its folder; nothing without a walk.
    func keyValues(at place: Int) -> UnsafeBufferPointer<UnsafeRawBufferPointer> {
        keys?.values(at: place) ?? UnsafeBufferPointer(start: nil, count: 0)
    }

    /// What the plan says against a piece; nil if it has not decided on it.
    func finding(at place: Int) -> PlanFinding? {
        guard let plan, views[place].rejection == nil || isJudged(place),
            let finding = plan.finding(at: place), finding.rejection == views[place].rejection
        else { return nil }
        return finding
    }

    /// Whether an identity was noted for any event.
    var isIdentified: Bool { !identified.isEmpty }

    /// The identity in place of the `messageId` of an event; nil without one.
    func identified(at place: Int) -> ProfiledIdentity? {
        isIdentified ? identified[place] : nil
    }

    /// The edits of an event.
    package func edits(at place: Int) -> [EventEdit] { edits.isEmpty ? [] : edits[place] }
}
