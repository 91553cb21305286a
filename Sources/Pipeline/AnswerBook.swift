import Compression
import Events
import Intake

/// Collects the answers to a commit's messages as records ready to be sent.
///
/// One thread, the writer's. An answer without rejections, as most are, allocates nothing.
struct AnswerBook: ~Copyable {
    /// Rejections listed in one answer; beyond it only their number is told.
    static let listedMax = 1_000

    private var records = GrowableBuffer()
    private let plain = UnsafeMutableRawBufferPointer.allocate(
        byteCount: AnswerText.committedBytesMax,
        alignment: 1
    )
    private var list = ""
    private var listed = 0
    private var index = 0
    private var accepted = 0
    private var rejected = 0

    deinit {
        plain.deallocate()
    }

    /// Begins a message.
    mutating func begin() {
        index = 0
        accepted = 0
        if rejected > 0 { forgetRejections() }
    }

    @inline(never)
    private mutating func forgetRejections() {
        rejected = 0
        listed = 0
        list = ""
    }

    mutating func accept() {
        accepted += 1
        index += 1
    }

    @inline(never)
    mutating func reject(_ rejection: Rejection) {
        if listed < Self.listedMax {
            if listed > 0 { list += "," }
            list += #"{"index":\#(index),"reason":"\#(rejection.rawValue)"}"#
            listed += 1
        }
        rejected += 1
        index += 1
    }

    /// Ends a message: its answer goes out with the commit.
    mutating func end(_ record: IntakeRecord) {
        if rejected > 0 { return endListing(record) }
        let count = AnswerText.writeCommitted(events: accepted, to: plain)
        add(record, UnsafeRawBufferPointer(rebasing: plain[..<count]))
    }

    @inline(never)
    private mutating func endListing(_ record: IntakeRecord) {
        let quarantined = rejected > listed ? list + #",{"more":\#(rejected - listed)}"# : list
        let answer = Array(AnswerText.committed(events: accepted, quarantined: quarantined).utf8)
        answer.withUnsafeBytes { add(record, $0) }
    }

    private mutating func add(_ record: IntakeRecord, _ answer: UnsafeRawBufferPointer) {
        let size = Acknowledgement.byteCount(
            identity: record.identity.count,
            requestID: record.requestID.count,
            answer: answer.count
        )
        if records.room.count < 8 + size {
            records.reserve(max(4096, 2 * (records.count + 8 + size)))
        }
        guard let room = records.room.baseAddress else { return }
        room.storeBytes(of: UInt32(truncatingIfNeeded: record.source), as: UInt32.self)
        room.storeBytes(of: UInt32(truncatingIfNeeded: size), toByteOffset: 4, as: UInt32.self)
        Acknowledgement.write(
            to: room + 8,
            identity: record.identity,
            requestID: record.requestID,
            hasRequestFrame: record.hasRequestFrame,
            answer: answer
        )
        records.advance(by: 8 + size)
    }

    /// All answers since the last call.
    mutating func take() -> [UInt8] {
        defer { records.removeAll() }
        return Array(records.bytes)
    }
}
