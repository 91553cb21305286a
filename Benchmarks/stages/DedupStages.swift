import Dedup
import Events

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
    private let burstSize: Int
    private var number: UInt64
    private let text: UnsafeMutableRawBufferPointer
    private var burst: IdentityBurst

    /// - `ids`: how many the window holds before.
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
                    // Steps that go through all, far apart in memory.
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
        window.announce(identity, source: 0, in: &burst)
    }

    /// How many of them came before.
    private mutating func admitBurst() -> Int {
        window.admit(burst, receivedAt: EventInputs.receivedAt, writer: 0, job: 1)
        let count = (0..<burst.count).count { burst.verdict(at: $0).isDuplicate }
        burst.clear()
        return count
    }
}
