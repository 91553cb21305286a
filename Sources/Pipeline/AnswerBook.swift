import Events
import Intake

/// Collects the answers to a commit's messages as records ready to be sent.
///
/// One thread, the writer's.
struct AnswerBook {
    /// Rejections listed in one answer; beyond it only their number is told.
    static let listedMax = 1_000

    private(set) var bytes: [UInt8] = []
    private var list = ""
    private var listed = 0
    private var index = 0
    private var accepted = 0
    private var rejected = 0

    /// Begins a message.
    mutating func begin() {
        index = 0
        accepted = 0
        rejected = 0
        listed = 0
        if !list.isEmpty { list = "" }
    }

    mutating func accept() {
        accepted += 1
        index += 1
    }

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
        let quarantined = rejected > listed ? list + #",{"more":\#(rejected - listed)}"# : list
        let answer = Array(AnswerText.committed(events: accepted, quarantined: quarantined).utf8)
        let size = Acknowledgement.byteCount(
            identity: record.identity.count,
            requestID: record.requestID.count,
            answer: answer.count
        )
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: 8 + size))
        let hasRequestFrame = record.kind == .router
        bytes.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let room = base + start
            room.storeBytes(of: UInt32(truncatingIfNeeded: record.source), as: UInt32.self)
            room.storeBytes(of: UInt32(truncatingIfNeeded: size), toByteOffset: 4, as: UInt32.self)
            answer.withUnsafeBytes { answer in
                Acknowledgement.write(
                    to: room + 8,
                    identity: record.identity,
                    requestID: record.requestID,
                    hasRequestFrame: hasRequestFrame,
                    answer: answer
                )
            }
        }
    }

    /// All answers since the last call.
    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
