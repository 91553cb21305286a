/// The outcome of a message, for a producer that waits for it; the kind of source encodes it.
///
/// Layout in memory, in the machine's byte order:
///
///     offset  bytes
///     0       1     status
///     1       1     whether warnings follow the listed pieces
///     2       2     0
///     4       4     events
///     8       4     duplicates
///     12      4     refused pieces that are listed
///     16      4     refused pieces beyond these
///     20      4     bytes of the reason
///     24            reason, then each listed piece: index (4), offset (8), bytes of its reason (2) and
///                   of its detail (2), reason, detail, without gaps; then warnings listed (4) and
///                   beyond these (4), each: index (4), bytes of its violations (4), violations
package struct Answer: Sendable, Equatable {
    package enum Status: UInt8, Sendable {
        /// All of it is durable, as events or in quarantine.
        case committed
        /// Nothing of it was kept; resending it would not help.
        case rejected
        /// Nothing of it was kept now; the producer may resend it.
        case unavailable
    }

    /// A piece of the message that is in quarantine.
    package struct RefusedPiece: Sendable, Equatable {
        /// Its index among the message's events, from 0.
        package var index: Int
        /// Byte offset in the message, as it was read.
        package var offset: Int
        package var reason: String
        /// The cause and its position, for people.
        package var detail: String

        package init(index: Int, offset: Int, reason: String, detail: String) {
            self.index = index
            self.offset = offset
            self.reason = reason
            self.detail = detail
        }
    }

    /// An event of the message that is written, and violates the plan.
    package struct Warning: Sendable, Equatable {
        /// Its index among the message's events, from 0.
        package var index: Int
        /// The elements of a JSON array, as JSON.
        package var violations: String

        package init(index: Int, violations: String) {
            self.index = index
            self.violations = violations
        }
    }

    package var status: Status
    /// Events of the message that are committed or in quarantine.
    package var events = 0
    /// How many of them are duplicates.
    package var duplicates = 0
    package var refused: [RefusedPiece] = []
    /// Refused pieces that are not listed.
    package var moreRefused = 0
    package var warnings: [Warning] = []
    /// Events with violations that are not listed.
    package var moreWarnings = 0
    /// Why a message was rejected, or is unavailable now.
    package var reason = ""

    package init(_ status: Status, events: Int = 0, reason: String = "") {
        self.status = status
        self.events = events
        self.reason = reason
    }

    /// Whether all of the message is committed, without duplicates and warnings.
    package var isPlain: Bool {
        status == .committed && refused.isEmpty && moreRefused == 0 && duplicates == 0
            && warnings.isEmpty
    }

    package static func rejected(_ reason: String) -> Answer { Answer(.rejected, reason: reason) }

    package static func unavailable(_ reason: String) -> Answer {
        Answer(.unavailable, reason: reason)
    }
}

// MARK: - Binary form

extension Answer {
    /// Bytes of an answer without texts, the most frequent kind.
    package static let plainByteCount = 24

    private static let pieceHeaderByteCount = 16
    private static let warningHeaderByteCount = 8

    /// Reads an answer as ``write(to:)`` wrote it.
    package init(_ bytes: UnsafeRawBufferPointer) {
        var rest = Reader(bytes: bytes)
        let kind = rest.number()
        self.init(Status(rawValue: UInt8(truncatingIfNeeded: kind)) ?? .unavailable)
        events = rest.number()
        duplicates = rest.number()
        let listed = rest.number()
        moreRefused = rest.number()
        let reasonByteCount = rest.number()
        if reasonByteCount > 0 { reason = rest.text(reasonByteCount) }
        if listed > 0 { readRefused(&rest, listed) }
        if kind >> 8 & 1 == 1 { readWarnings(&rest) }
    }

    @inline(never)
    private mutating func readWarnings(_ rest: inout Reader) {
        let count = rest.number()
        moreWarnings = rest.number()
        for _ in 0..<count {
            let (index, bytes) = (rest.number(), rest.number())
            warnings.append(Warning(index: index, violations: rest.text(bytes)))
        }
    }

    @inline(never)
    private mutating func readRefused(_ rest: inout Reader, _ count: Int) {
        refused.reserveCapacity(count)
        for _ in 0..<count {
            let index = rest.number()
            let offset = Int(truncatingIfNeeded: rest.take(UInt64.self))
            let reason = Int(rest.take(UInt16.self))
            let detail = Int(rest.take(UInt16.self))
            refused.append(
                RefusedPiece(
                    index: index,
                    offset: offset,
                    reason: rest.text(reason),
                    detail: rest.text(detail)
                )
            )
        }
    }

    package var byteCount: Int {
        let pieces = refused.reduce(Self.plainByteCount + reason.utf8.count) {
            $0 + Self.pieceHeaderByteCount + $1.reason.utf8.count + $1.detail.utf8.count
        }
        guard !warnings.isEmpty else { return pieces }
        return warnings.reduce(pieces + 8) {
            $0 + Self.warningHeaderByteCount + $1.violations.utf8.count
        }
    }

    /// Writes the answer to a fully committed message, ``plainByteCount`` bytes.
    ///
    /// Allocates nothing.
    package static func writeCommitted(events: Int, to room: UnsafeMutableRawPointer) {
        writeHeader(status: .committed, events: events, to: room)
    }

    /// Writes ``byteCount`` bytes.
    package func write(to room: UnsafeMutableRawPointer) {
        Self.writeHeader(status: status, events: events, to: room)
        for (at, number) in [duplicates, refused.count, moreRefused, reason.utf8.count].enumerated()
        {
            room.storeBytes(
                of: UInt32(truncatingIfNeeded: number),
                toByteOffset: 8 + 4 * at,
                as: UInt32.self
            )
        }
        var at = Self.copy(reason, to: room + Self.plainByteCount)
        for piece in refused {
            at.storeBytes(of: UInt32(truncatingIfNeeded: piece.index), as: UInt32.self)
            at.storeBytes(
                of: UInt64(truncatingIfNeeded: piece.offset),
                toByteOffset: 4,
                as: UInt64.self
            )
            at.storeBytes(
                of: UInt16(truncatingIfNeeded: piece.reason.utf8.count),
                toByteOffset: 12,
                as: UInt16.self
            )
            at.storeBytes(
                of: UInt16(truncatingIfNeeded: piece.detail.utf8.count),
                toByteOffset: 14,
                as: UInt16.self
            )
            at = Self.copy(piece.reason, to: at + Self.pieceHeaderByteCount)
            at = Self.copy(piece.detail, to: at)
        }
        if !warnings.isEmpty {
            room.storeBytes(of: 1, toByteOffset: 1, as: UInt8.self)
            writeWarnings(to: at)
        }
    }

    private func writeWarnings(to room: UnsafeMutableRawPointer) {
        func store(_ first: Int, _ second: Int, at place: UnsafeMutableRawPointer) {
            place.storeBytes(of: UInt32(truncatingIfNeeded: first), as: UInt32.self)
            let number = UInt32(truncatingIfNeeded: second)
            place.storeBytes(of: number, toByteOffset: 4, as: UInt32.self)
        }
        store(warnings.count, moreWarnings, at: room)
        var at = room + 8
        for warning in warnings {
            store(warning.index, warning.violations.utf8.count, at: at)
            at = Self.copy(warning.violations, to: at + Self.warningHeaderByteCount)
        }
    }

    private static func writeHeader(
        status: Status,
        events: Int,
        to room: UnsafeMutableRawPointer
    ) {
        room.storeBytes(of: UInt32(status.rawValue), as: UInt32.self)
        room.storeBytes(of: UInt32(truncatingIfNeeded: events), toByteOffset: 4, as: UInt32.self)
        room.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
        room.storeBytes(of: 0, toByteOffset: 16, as: UInt64.self)
    }

    private static func copy(
        _ text: String,
        to room: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        var text = text
        return text.withUTF8 { bytes in
            if let start = bytes.baseAddress {
                room.copyMemory(from: start, byteCount: bytes.count)
            }
            return room + bytes.count
        }
    }

    /// Reads the parts of an answer from its bytes, in order.
    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var at = 0

        mutating func take<Number: FixedWidthInteger & BitwiseCopyable>(
            _ type: Number.Type
        ) -> Number {
            defer { at += MemoryLayout<Number>.size }
            return bytes.loadUnaligned(fromByteOffset: at, as: type)
        }

        mutating func number() -> Int { Int(take(UInt32.self)) }

        mutating func text(_ count: Int) -> String {
            defer { at += count }
            return String(decoding: bytes[at..<(at + count)], as: UTF8.self)
        }
    }
}
