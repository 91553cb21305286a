import Compression
import Disk
import Events
import Intake
import Storage

/// Compressed messages, and pieces that cannot be accepted.
extension Writer {
    /// Bytes that are inflated before the writer looks up.
    private static let inflationStep = 1 << 20

    @inline(never)
    mutating func takeInflated(
        _ record: IntakeRecord,
        _ isAnswered: Bool
    ) throws(FileSystemError) {
        guard let outcome = try inflate(record, isAnswered) else { return }
        try takeInflated(record, outcome, isAnswered)
    }

    /// Inflates a message as far as it may be; nil when the writer is to leave.
    mutating func inflate(
        _ record: IntakeRecord,
        _ isAnswered: Bool
    ) throws(FileSystemError) -> Inflater.Outcome? {
        inflater.begin(
            record.payload,
            into: &inflated,
            limit: min(
                configuration.inflatedBytesMax,
                RejectedPieces.inflatedBytesMax(messageBytes: record.payload.count)
            )
        )
        while true {
            let outcome = inflater.step(
                record.payload,
                into: &inflated,
                bytesMax: Self.inflationStep
            )
            if let outcome { return outcome }
            guard try attend(isAnswered: isAnswered) else { return nil }
        }
    }

    /// Begins to read what a message was inflated to.
    mutating func beginInflated(_ record: IntakeRecord) {
        payloads.begin(
            inflated.bytes,
            piecesMax: RejectedPieces.piecesMax(messageBytes: record.payload.count)
        )
    }

    private mutating func takeInflated(
        _ record: IntakeRecord,
        _ outcome: Inflater.Outcome,
        _ isAnswered: Bool
    ) throws(FileSystemError) {
        var view = EventView()
        view.bytes = record.payload
        switch outcome {
        case .ok:
            beginInflated(record)
            var rejections = RejectedPieces(compressed: record.payload, inflated: inflated.bytes)
            return try takePieces(record, isAnswered, &rejections)
        case .tooLarge:
            view.rejection = .tooLarge
        case .failed(let offset, _):
            view.rejection = .inflateFailed
            view.errorOffset = offset
        }
        burst.views[0] = view
        // The piece is the message itself.
        var rejections = RejectedPieces()
        try reject(0, record, isAnswered, &rejections)
    }

    /// Puts a piece of the burst into quarantine; where it is one too many, with all that is left of
    /// the message.
    @inline(never)
    mutating func reject(
        _ at: Int,
        _ record: IntakeRecord,
        _ isAnswered: Bool,
        _ rejections: inout RejectedPieces
    ) throws(FileSystemError) {
        if !rejections.add() { payloads.joinRest(to: &burst.views[at]) }
        let view = burst.views[at]
        guard let rejection = view.rejection else { return }
        guard let slot = try quarantineSlot(rejection, rejections.lineBytesMax(view.bytes), record)
        else { return refuse(record) }
        counts.arrive(record.source)
        let sequence = sequences.next(record.source)
        let peer = receivers[record.source].peerNames.name(of: record.peer)
        if let peer { tellOfRejection(rejection, source: record.source, peer: peer) }
        let line = QuarantineRecord.line(
            view,
            rejection: rejection,
            payload: rejections.payload(view.bytes, sequence: sequence),
            splicer: &(splicers + record.source).pointee,
            receivedAt: record.receivedAt,
            sequence: sequence,
            peer: peer
        )
        let pending = pendings + slot
        if pending.pointee.room < line.count { try store.makeRoom(line.count, in: slot) }
        pending.pointee.end.update(from: line, count: line.count)
        pending.pointee.add(
            line.count,
            source: record.source,
            sequence: sequence,
            receivedAt: record.receivedAt,
            eventTime: nil
        )
        store.tookRejected(line.count)
        counts.reject(record.source, rejection)
        if isAnswered { answers.reject(view, rejection) }
    }
}
