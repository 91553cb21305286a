import CSimdJSON

/// What a value violates.
package enum ViolationKind: UInt32, CaseIterable, Sendable {
    case missing, type, unplanned, `enum`, range, length, pattern, format, schema
    /// The value needs more work than one of its size may cost.
    case work
}

/// Checks one value after another against a ``PlanProgram``, and finds the values that slots want.
///
/// One thread. It keeps its memory, so that a walk does not allocate. What a walk found is valid
/// until the next one, and as long as the text is in its place.
package struct PlanWalk: ~Copyable {
    private let walk: OpaquePointer
    private var found = csimdjson_found()

    package init() {
        guard let walk = csimdjson_walk_create() else {
            preconditionFailure("no memory for a walk")
        }
        self.walk = walk
    }

    deinit {
        csimdjson_walk_destroy(walk)
    }

    /// Walks the value at `start` of the text that `reader` has indexed and accepted.
    ///
    /// Returns false if memory is exhausted.
    package mutating func run(
        _ program: PlanProgram,
        root: UInt32,
        _ reader: borrowing EventReader,
        at start: Int
    ) -> Bool {
        csimdjson_walk_run(walk, program.plan, reader.pointer, start, root, &found)
    }

    /// Whether the last value meets the plan.
    package var isMet: Bool { found.kinds == 0 }

    /// The number of violations.
    package var violationCount: Int { found.violations_total }

    /// Whether there is a violation of this kind.
    package func has(_ kind: ViolationKind) -> Bool { found.kinds >> kind.rawValue & 1 == 1 }

    /// The first violations, at most 8.
    package var violations: [PlanViolation] {
        UnsafeBufferPointer(start: found.violations, count: found.violations_kept).compactMap {
            violation in
            ViolationKind(rawValue: violation.kind.rawValue).map {
                let path = UnsafeBufferPointer(start: violation.path, count: violation.length)
                return PlanViolation(kind: $0, path: String(decoding: path, as: UTF8.self))
            }
        }
    }

    /// The value of one of ``violations``, a JSON text that goes on behind it; nil unless it is of kind
    /// `type` or `unplanned`.
    package func value(ofViolation index: Int) -> UnsafePointer<UInt8>? {
        precondition(index < found.violations_kept, "there is no violation \(index)")
        return found.violations[index].value
    }

    /// The number of values that slots want.
    package var captureCount: Int { found.captures_count }

    /// Returns one of the values that slots want, in the order in which they end.
    package func capture(_ index: Int) -> Capture {
        precondition(index < found.captures_count, "there is no capture \(index)")
        let capture = found.captures[index]
        let start = capture.range.start
        return Capture(
            slot: capture.slot,
            type: UInt8(truncatingIfNeeded: capture.type),
            range: start..<(start + capture.range.length)
        )
    }
}

/// A value that a slot wants.
package struct Capture: Sendable, Equatable {
    package let slot: UInt32
    /// Its type as a bit of ``NodeRules/types``; every number is 32.
    package let type: UInt8
    /// Where it is in the indexed text.
    package let range: Range<Int>
}

/// A violation: what kind, and of what; never a value.
package struct PlanViolation: Sendable, Equatable, CustomStringConvertible {
    package let kind: ViolationKind
    package let path: String

    package init(kind: ViolationKind, path: String) {
        self.kind = kind
        self.path = path
    }

    package var description: String { path.isEmpty ? "\(kind)" : "\(kind) \(path)" }
}

/// Reads a text that is one JSON value of any type.
package struct ValueReader: ~Copyable {
    package private(set) var reader: EventReader

    package init(depthMax: Int) {
        reader = EventReader(depthMax: depthMax)
    }

    /// Returns the offset of the first byte that is not JSON; nil if the text is one value, which
    /// can then be walked at ``start``.
    ///
    /// `bytes` must not move until the next call.
    package mutating func read(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let code = reader.index(bytes)
        guard code == CSIMDJSON_OK else { return reader.errorOffset }
        reader.keepBatches()
        let first = reader.next()
        guard first == CSIMDJSON_OK || first == CSIMDJSON_NOT_AN_OBJECT else {
            return reader.errorOffset
        }
        start = reader.found.object.start
        let end = start + reader.found.object.length
        return bytes[end...].firstIndex { !$0.isJSONSpace }
    }

    /// Where the value begins.
    package private(set) var start = 0

    /// The name of the event that the value is: its `event`, else its `type`; empty if it has none.
    ///
    /// Only for objects; valid until the next text is read.
    package var eventName: UnsafeRawBufferPointer { UnsafeRawBufferPointer(reader.found.name) }
}
