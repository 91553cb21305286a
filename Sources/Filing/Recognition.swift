import Archive
import Dedup
import Events

/// Finds the duplicates in a burst, for sources with `dedup` on.
///
/// It follows the judge: an id enters the window only with an event that is to be written.
/// Otherwise the id of a refused event would exclude its corrected copy.
struct Recognition: ~Copyable {
    private let window: IdentityWindow
    private let hash: ContentHash
    private let writer: Int
    /// By source.
    private let isOn: UnsafeMutablePointer<Bool>
    /// The number of the commit for events admitted now.
    private var admitting = CommitNumber.none

    init(_ window: IdentityWindow, _ hash: ContentHash, writer: Int, isOn sources: [Bool]) {
        self.window = window
        self.hash = hash
        self.writer = writer
        isOn = .allocate(capacity: sources.count)
        isOn.initialize(from: sources, count: sources.count)
    }

    deinit {
        isOn.deallocate()
    }

    @inline(__always)
    func isOn(source: Int) -> Bool { isOn[source] }

    /// Sets the number of the writer's commit that makes later events durable.
    mutating func begin(commit: CommitNumber) {
        admitting = commit
        window.begin(commit: commit, writer: writer)
    }

    /// Looks up the ids of all events that are to be written, adds new ones, and sets the verdict
    /// duplicate on the others.
    ///
    /// While contents are hashed, the window's memory is prefetched.
    func recognise(_ burst: inout EventBurst) {
        burst.identities.clear()
        if burst.isIdentified {
            announceIdentified(&burst)
        } else {
            announce(&burst)
        }
        window.admit(
            burst.identities,
            receivedAt: burst.receivedAt,
            writer: writer,
            commit: admitting
        )
        for at in 0..<burst.count where burst.identities.verdict(at: at).isDuplicate {
            burst.verdicts[at] = .duplicate
        }
    }

    @inline(__always)
    private func announce(_ burst: inout EventBurst) {
        for at in 0..<burst.count {
            let identity =
                burst.views[at].isMessageID && burst.isWritten(at)
                ? PackedIdentity(burst.views[at].id) : .none
            let content = identity.isNone ? 0 : hash(burst.views[at])
            window.announce(
                identity,
                content: content,
                scope: burst.origin.scope.number,
                in: &burst.identities
            )
        }
    }

    /// The same for a burst in which other texts stand for `messageId`s.
    @inline(never)
    private func announceIdentified(_ burst: inout EventBurst) {
        for at in 0..<burst.count {
            let view = burst.views[at]
            let noted = burst.identified(at: at)
            let text = noted?.text ?? (view.isMessageID ? view.id : nil)
            let identity = text.map { burst.isWritten(at) ? PackedIdentity($0) : .none } ?? .none
            let hasContent = !identity.isNone && noted?.isEnough != true
            window.announce(
                identity,
                content: hasContent ? hash(view) : 0,
                scope: burst.origin.scope.number,
                in: &burst.identities
            )
        }
    }
}
