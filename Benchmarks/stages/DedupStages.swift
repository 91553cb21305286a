import Dedup
import Events

/// Looks up ids in the window, starting from their text.
struct DedupStage: Stage, ~Copyable {
    /// The ids to look up.
    enum Kind {
        /// New ids, each of which is stored.
        case new
        /// Known ids, in random places.
        case known
    }

    private let kind: Kind
    private let window: IdentityWindow
    private let ids: Int
    private let burstSize: Int
    private var number: UInt64
    private let text: UnsafeMutableRawBufferPointer
    private var burst: IdentityBurst

    /// - `ids`: how many the window contains at the start.
    /// - `burst`: how many are announced before they are looked up together.
    init(_ kind: Kind, ids: Int, burst: Int = PayloadReader.burstSize) {
        self.kind = kind
        self.ids = ids
        burstSize = burst
        self.burst = IdentityBurst(capacity: burst)
        let configuration = IdentityWindow.Configuration(memoryBytesMax: 1 << 30)
        guard let window = IdentityWindow(configuration) else {
            preconditionFailure("no addresses for the window")
        }
        self.window = window
        text = .allocate(byteCount: 36, alignment: 8)
        text.copyBytes(from: Array("00000000-0000-4000-8000-000000000000".utf8))
        number = 0
        while number < ids {
            announceNext()
            _ = admitBurst()
        }
    }

    deinit { text.deallocate() }

    mutating func run(_ iterations: Int) throws -> Int {
        var count = 1
        for _ in 0..<iterations * EventInputs.count / burstSize {
            for _ in 0..<burstSize {
                if kind == .known {
                    // A step size that visits all ids, far apart in memory.
                    number = (number &+ 7_919_117) % UInt64(ids)
                }
                announceNext()
            }
            count += admitBurst()
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
        window.announce(identity, scope: 0, in: &burst)
    }

    /// Admits the burst; returns the number of duplicates.
    private mutating func admitBurst() -> Int {
        window.admit(burst, receivedAt: EventInputs.receivedAt, writer: 0, commit: 1)
        let count = (0..<burst.count).count { burst.verdict(at: $0).isDuplicate }
        burst.clear()
        return count
    }
}
