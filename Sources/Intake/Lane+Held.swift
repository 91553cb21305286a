import Ring
import Synchronization

/// Messages that are received while intake is held, and go into rings when it resumes.
///
/// For kinds of source that cannot leave messages in their transport for long.
extension Lane {
    package var heldCount: Int { held.count }
    package var hasHeld: Bool { !held.isEmpty }
    package var hasRoomForHeld: Bool { held.hasRoom }

    /// Keeps a record until intake resumes.
    package mutating func keep(_ record: IntakeRecord) {
        held.append(
            [UInt8](unsafeUninitializedCapacity: record.byteCount) { buffer, count in
                guard let room = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
                record.write(to: room)
                count = record.byteCount
            }
        )
    }

    /// Drops the records of connections that have ended: no answer can be sent.
    package mutating func dropHeld(where hasEnded: (_ peer: UInt16) -> Bool) {
        let dropped = held.removeAll { record in
            let peer = record.withUnsafeBytes { IntakeRecord($0).peer }
            return peer != 0 && hasEnded(peer)
        }
        shared.connections.abandoned.count(dropped)
    }

    /// Puts kept records into rings, oldest first; returns false when some are left.
    @inline(never)
    package mutating func putHeld(_ count: inout Int) -> Bool {
        while hasRoomInRound(count), let record = held.first {
            guard copy(record) else {
                heldWaits = true
                askForRoom()
                return false
            }
            roundBytes += record.withUnsafeBytes { IntakeRecord($0).payload.count }
            held.removeFirst()
            count += 1
        }
        if heldWaits {
            heldWaits = false
            shared.stalled.store(false, ordering: .relaxed)
        }
        return held.isEmpty
    }

    private mutating func copy(_ record: [UInt8]) -> Bool {
        for offset in 0..<ringCount {
            let at = (target + offset) % ringCount
            guard let room = (rings + at).pointee.claim(record.count) else { continue }
            record.withUnsafeBytes { bytes in
                if let start = bytes.baseAddress {
                    room.copyMemory(from: start, byteCount: bytes.count)
                }
            }
            return true
        }
        return false
    }

    /// Removes the oldest kept record, to be answered instead of being put into a ring.
    package mutating func takeHeld() -> [UInt8]? {
        heldWaits = false
        defer { held.removeFirst() }
        return held.first
    }
}
