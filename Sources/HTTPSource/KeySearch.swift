/// Finds keys in texts of clients, wherever they are.
///
/// The time that it takes grows with the text and with the number of different lengths of keys, not
/// with the number of keys (Rabin and Karp).
struct KeySearch {
    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let star = UInt8(ascii: "*")
    /// The shortest beginning of a key that is taken for a part of it, at the end of a text.
    private static let partBytesMin = 8

    private let keys: Set<[UInt8]>
    /// By length, the hashes of the keys.
    private var hashes: [Int: Set<UInt64>] = [:]

    init(_ keys: [String]) {
        self.keys = Set(keys.map { Array($0.utf8) })
        for key in self.keys where !key.isEmpty {
            hashes[key.count, default: []].insert(Self.hash(key))
        }
    }

    /// Overwrites each key with stars, and the beginning of one that the text's end cuts off; returns
    /// whether there was any.
    func cover(_ text: UnsafeMutableRawBufferPointer) -> Bool {
        var found: [Range<Int>] = []
        for (length, hashes) in hashes where length <= text.count {
            found += find(length, hashes, in: UnsafeRawBufferPointer(text))
        }
        if let start = cutStart(in: UnsafeRawBufferPointer(text)) {
            found.append(start..<text.count)
        }
        for range in found { for at in range { text[at] = Self.star } }
        return !found.isEmpty
    }

    private func find(
        _ length: Int,
        _ hashes: Set<UInt64>,
        in text: UnsafeRawBufferPointer
    ) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var (hash, leading): (UInt64, UInt64) = (Self.hash(text[..<length]), 1)
        for _ in 1..<length { leading &*= Self.base }
        var at = 0
        while true {
            if hashes.contains(hash), keys.contains(Array(text[at..<(at + length)])) {
                found.append(at..<(at + length))
            }
            guard at + length < text.count else { return found }
            hash = (hash &- UInt64(text[at]) &* leading) &* Self.base &+ UInt64(text[at + length])
            at += 1
        }
    }

    private func cutStart(in text: UnsafeRawBufferPointer) -> Int? {
        guard let longest = hashes.keys.max(), text.count >= Self.partBytesMin else { return nil }
        let last = text.count - Self.partBytesMin
        for start in min(last, max(0, text.count - longest))...last
        where keys.contains(where: { $0.starts(with: text[start...]) }) {
            return start
        }
        return nil
    }

    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 &* base &+ UInt64($1) }
    }
}
