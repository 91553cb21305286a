import Dedup

/// Ids looked up in the window, from their text on.
struct DedupStage: Stage, ~Copyable {
    /// What is looked up.
    enum Kind {
        /// Ids that never came, each taken in.
        case new
        /// Ids that came before, here and there.
        case known
    }

    private let kind: Kind
    private let window: IdentityWindow
    private let ids: Int
    private let ahead: Int
    private var number: UInt64
    private let text: UnsafeMutableRawBufferPointer
    private var announced: [AnnouncedIdentity] = []

    /// - `ids`: how many the window holds before.
    /// - `ahead`: how many are announced before the first of them is looked up.
    init(_ kind: Kind, ids: Int, ahead: Int = 1) {
        self.kind = kind
        self.ids = ids
        self.ahead = ahead
        announced.reserveCapacity(ahead)
        let configuration = IdentityWindow.Configuration(memoryBytesMax: 1 << 30)
        guard let window = IdentityWindow(configuration) else {
            preconditionFailure("no addresses for the window")
        }
        self.window = window
        text = .allocate(byteCount: 36, alignment: 8)
        text.copyBytes(from: Array("00000000-0000-4000-8000-000000000000".utf8))
        number = 0
        for _ in 0..<ids {
            announceNext()
            _ = admitAnnounced()
        }
    }

    deinit { text.deallocate() }

    mutating func run(_ iterations: Int) throws -> Int {
        var count = 1
        for _ in 0..<iterations * EventInputs.count / ahead {
            for _ in 0..<ahead {
                if kind == .known {
                    // Steps that go through all, far apart in memory.
                    number = (number &+ 7_919_117) % UInt64(ids)
                }
                announceNext()
            }
            count += admitAnnounced()
        }
        return count
    }

    private mutating func announceNext() {
        let digits: StaticString = "0123456789abcdef"
        for place in 0..<8 {
            let digit = Int(number >> UInt64(place * 4) & 15)
            text[35 - place] = digits.utf8Start[digit]
        }
        number += 1
        let identity = PackedIdentity(UnsafeRawBufferPointer(text))
        announced.append(window.announce(identity, source: 0))
    }

    /// How many of them came before.
    private mutating func admitAnnounced() -> Int {
        var count = 0
        for id in announced {
            let verdict = window.admit(id, receivedAt: EventInputs.receivedAt, writer: 0, job: 1)
            if verdict.isDuplicate { count += 1 }
        }
        announced.removeAll(keepingCapacity: true)
        return count
    }
}
