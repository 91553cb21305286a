import Glibc
import Platform

/// Generates events whose delivery ``GeneratedCheck`` can verify afterwards.
///
/// An event, in one line:
///
///     {"type":"track","event":"Generated","messageId":"g-RUN-PRODUCER-SEQUENCE","channel":"web",
///      "timestamp":"2026-11-22T10:00:00.123Z",
///      "generated":{"run":"RUN","producer":0,"sequence":1,"crc32":"0a1b2c3d"},"properties":{…}}
///
/// `run` is 16 hex digits. Producers are numbered from 0 and take turns; each one's sequence counts
/// from 1 without gaps. `crc32` is the checksum of the value of `properties`, from `{` to `}`,
/// which is the last member. The properties are one of several prepared variants with the sequence
/// at the end, so an event costs a few copies, a checksum of a few bytes, and no allocation.
package struct GeneratedEvents: EventSource {
    /// The options of the generator.
    package struct Configuration: Sendable {
        /// The number of events, of all producers together.
        package var count: Int
        /// The number of producers that take turns.
        package var producers = 1
        /// The approximate length of an event in bytes; at least about 280, for its fixed parts.
        package var eventBytes = 465
        /// The channels that take turns.
        package var channels = ["web"]
        /// Distinguishes this run from others in the same files.
        package var run: UInt64

        package init(count: Int, run: UInt64 = .random(in: .min ... .max)) {
            self.count = count
            self.run = run
        }
    }

    private static let variants = 64

    package var total: Int? { configuration.count }
    private let configuration: Configuration
    private let clock: @Sendable () -> Int64
    private let head: [UInt8]
    private let channels: [[UInt8]]
    private let marker: [UInt8]
    private let properties: [(text: [UInt8], checksum: CRC32)]
    private var timestamp = TimestampText()
    private var made = 0
    private var tail: [UInt8] = []

    /// Creates a generator and its variants.
    ///
    /// - Parameters:
    ///   - configuration: producers and channels must be at least one.
    ///   - clock: returns nanoseconds since 1970.
    package init(
        _ configuration: Configuration,
        clock: @escaping @Sendable () -> Int64 = { SystemClock.wallNanoseconds }
    ) {
        precondition(configuration.producers > 0 && !configuration.channels.isEmpty)
        self.configuration = configuration
        self.clock = clock
        let run = Self.hex(configuration.run, digits: 16)
        head = Array(#"{"type":"track","event":"Generated","messageId":"g-\#(run)-"#.utf8)
        marker = Array(#"Z","generated":{"run":"\#(run)","producer":"#.utf8)
        channels = configuration.channels.map {
            Array(#"","channel":"\#(Self.escaped($0))","timestamp":""#.utf8)
        }
        // Apart from these parts an event has about 80 bytes of names and numbers.
        let fixed = head.count + marker.count + channels[0].count + 80
        let size = max(0, configuration.eventBytes - fixed)
        properties = (0..<Self.variants).map { Self.properties(variant: $0, bytes: size) }
    }

    package mutating func appendNext(to payload: inout [UInt8]) -> Bool {
        guard made < configuration.count else { return false }
        let producer = made % configuration.producers
        let sequence = made / configuration.producers + 1
        let variant = properties[made % Self.variants]
        tail.removeAll(keepingCapacity: true)
        tail.appendDecimal(sequence)
        tail.append(0x7d)
        var checksum = variant.checksum
        tail.withUnsafeBytes { checksum.update($0) }

        payload.append(contentsOf: head)
        payload.appendDecimal(producer)
        payload.append(0x2d)
        payload.appendDecimal(sequence)
        payload.append(contentsOf: channels[made % channels.count])
        timestamp.append(clock(), to: &payload)
        payload.append(contentsOf: marker)
        payload.appendDecimal(producer)
        payload.appendLiteral(#","sequence":"#)
        payload.appendDecimal(sequence)
        payload.appendLiteral(#","crc32":""#)
        payload.appendHex(checksum.value)
        payload.appendLiteral(#""},"properties":"#)
        payload.append(contentsOf: variant.text)
        payload.append(contentsOf: tail)
        payload.append(0x7d)
        made += 1
        return true
    }

    private static func hex(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
}

extension GeneratedEvents {
    private static let pages = [
        "/", "/search?q=running+shoes", "/p/espresso-machine-15-bar", "/p/down-jacket-women",
        "/cart", "/checkout/payment", "/account/orders", "/c/garden/furniture",
    ]
    private static let campaigns = [
        "autumn-sale", "newsletter-47", "brand-search", "retargeting-cart", "(none)",
    ]
    private static let words = [
        "stainless", "organic", "cotton", "waterproof", "limited", "bundle", "refill", "outdoor",
        "compact", "wireless", "family", "classic", "premium", "recycled", "summer", "evening",
    ]

    /// Returns about `bytes` of properties, up to the sequence number, and their checksum so far.
    static func properties(variant: Int, bytes: Int) -> (text: [UInt8], checksum: CRC32) {
        var random = SplitMix64(state: UInt64(variant))
        var text = #"{"path":"\#(random.pick(pages))","campaign":"\#(random.pick(campaigns))","#
        text += #""sku":"\#(random.next() % 1_000_000)","#
        text += #""price":\#(random.next() % 500).\#(10 + random.next() % 90),"#
        text += #""quantity":\#(1 + random.next() % 4),"description":""#
        let end = #"","position":"#
        var description = ""
        while text.utf8.count + description.utf8.count + end.utf8.count < bytes {
            description += random.pick(words) + " "
        }
        text += description.prefix(max(0, bytes - text.utf8.count - end.utf8.count))
        let all = Array((text + end).utf8)
        var checksum = CRC32()
        all.withUnsafeBytes { checksum.update($0) }
        return (all, checksum)
    }
}

/// A small reproducible random number generator (Steele, Lea, Flood: SplitMix, 2014).
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func pick(_ choices: [String]) -> String {
        choices[Int(next() % UInt64(choices.count))]
    }
}
