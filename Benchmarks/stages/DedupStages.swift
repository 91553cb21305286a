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
    private var number: UInt64
    private let text: UnsafeMutableRawBufferPointer

    /// `ids`: how many the window holds before.
    init(_ kind: Kind, ids: Int) {
        self.kind = kind
        self.ids = ids
        let configuration = IdentityWindow.Configuration(memoryBytesMax: 1 << 30)
        guard let window = IdentityWindow(configuration) else {
            preconditionFailure("no addresses for the window")
        }
        self.window = window
        text = .allocate(byteCount: 36, alignment: 8)
        text.copyBytes(from: Array("00000000-0000-4000-8000-000000000000".utf8))
        number = 0
        for _ in 0..<ids { _ = admitNext() }
    }

    deinit { text.deallocate() }

    mutating func run(_ iterations: Int) throws -> Int {
        var count = 1
        for _ in 0..<iterations * EventInputs.count {
            if kind == .known {
                // Steps that go through all, far apart in memory.
                number = (number &+ 7_919_117) % UInt64(ids)
            }
            if admitNext() { count += 1 }
        }
        return count
    }

    /// Whether it came before.
    private mutating func admitNext() -> Bool {
        let digits: StaticString = "0123456789abcdef"
        for place in 0..<8 {
            let digit = Int(number >> UInt64(place * 4) & 15)
            text[35 - place] = digits.utf8Start[digit]
        }
        number += 1
        return window.admit(
            PackedIdentity(UnsafeRawBufferPointer(text)),
            source: 0,
            receivedAt: EventInputs.receivedAt,
            writer: 0,
            job: 1
        ).isDuplicate
    }
}
