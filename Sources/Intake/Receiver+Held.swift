import CPlatform
import Ring
import Synchronization
import ZeroMQ

/// Requests that came while intake was held, as records.
///
/// Left in libzmq, each connection that comes and goes would keep its queue and all around it for as
/// long as intake is held.
struct HeldRecords {
    static let bytesMax = 8 << 20
    static let countMax = 65_536

    private var records: [[UInt8]] = []
    private var start = 0
    private(set) var bytes = 0

    var count: Int { records.count - start }
    var isEmpty: Bool { count == 0 }
    var hasRoom: Bool { bytes < Self.bytesMax && count < Self.countMax }
    var first: [UInt8]? { isEmpty ? nil : records[start] }

    mutating func append(_ record: [UInt8]) {
        records.append(record)
        bytes += record.count
    }

    mutating func removeFirst() {
        guard !isEmpty else { return }
        bytes -= records[start].count
        records[start] = []
        start += 1
        if isEmpty {
            records = []
            start = 0
        }
    }

    /// Gives how many were removed.
    mutating func removeAll(where isDropped: ([UInt8]) -> Bool) -> Int {
        let before = count
        records = records[start...].filter { !isDropped($0) }
        start = 0
        bytes = records.reduce(0) { $0 + $1.count }
        return before - count
    }
}

/// What is done while intake is held, and when it goes on.
extension Receiver {
    /// Whether requests are taken out of libzmq now, to be put into rings later.
    ///
    /// Those of routers only: pull and sub leave theirs where producers feel them.
    var isSweeping: Bool { isRouter && !isHolding && held.hasRoom }

    /// Takes requests out of libzmq while intake is held, as far as there is room; gives how many.
    ///
    /// Without room, those whose connection has ended give theirs: nobody can be answered, and whoever
    /// still wants to know asks again.
    @inline(never)
    mutating func sweep() throws(ZeroMQError) -> Int {
        guard isRouter, !isHolding else {
            try sockets.socket.settle()
            return 0
        }
        if !held.hasRoom { dropAbandoned() }
        let receivedAt = cplatform_realtime_ns() / 1_000
        var count = 0
        while count < Self.batchMax, held.hasRoom, let payload = try receiveMessage() {
            held.append(bytes(of: record(payload, receivedAt)))
            count += 1
        }
        if count == 0 { try sockets.socket.settle() }
        return count
    }

    private func bytes(of record: IntakeRecord) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: record.byteCount) { buffer, count in
            guard let room = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
            record.write(to: room)
            count = record.byteCount
        }
    }

    private mutating func dropAbandoned() {
        let dropped = held.removeAll { record in
            let peer = record.withUnsafeBytes { IntakeRecord($0).peer }
            return peer != 0 && table.connections[peer] == nil
        }
        shared.connections.abandoned.count(dropped)
    }

    /// Puts what was held into rings, oldest first; false when some is left.
    @inline(never)
    mutating func putHeld(_ count: inout Int) -> Bool {
        while count < Self.batchMax, payloadBytes < Self.batchBytesMax, let record = held.first {
            guard copy(record) else {
                waitForRoom()
                return false
            }
            payloadBytes += record.withUnsafeBytes { IntakeRecord($0).payload.count }
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

    private mutating func waitForRoom() {
        heldWaits = true
        askForRoom()
    }

    /// Answers what was held, instead of taking it in; gives how many.
    mutating func refuseHeld(_ answer: Answer) throws(ZeroMQError) -> Int {
        var count = 0
        heldWaits = false
        while let record = held.first {
            let result = record.withUnsafeBytes { bytes in
                Result { () throws(ZeroMQError) in
                    let record = IntakeRecord(bytes)
                    try send(answer, to: AddressParts(record.returnAddress), of: record.peer)
                }
            }
            try result.get()
            held.removeFirst()
            count += 1
        }
        return count
    }
}
