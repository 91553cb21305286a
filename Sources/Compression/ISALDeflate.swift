import CISAL

/// A gzip stream deflated by ISA-L (isa-l/igzip_lib.h).
///
/// Copies share the one stream: its owner, `GzipEncoder`, frees it once.
struct ISALDeflate {
    private let stream: UnsafeMutablePointer<isal_zstream>
    private let levelBuffer: UnsafeMutablePointer<UInt8>
    private let levelBufferBytes: Int

    /// The hash tables of the level, and tokens of four bytes, whose number limits a block.
    ///
    /// The library's `ISAL_DEF_LVL*_MEDIUM` has 32 Ki: more improve nothing on events, while fewer
    /// cause more frequent block codes (Benchmarks/questions). Of many streams most are flushed
    /// before they have filled that many.
    private static func levelBufferBytes(level: Int, among streams: Int) -> Int {
        let tables = level == 1 ? 4 * 1024 + 16 * 1024 : 4 * 1024 + 64 * 1024
        let chains = level == 3 ? 64 * 1024 : 0
        let tokens = streams <= 32 ? 32 * 1024 : streams <= 256 ? 8 * 1024 : 4 * 1024
        return tables + chains + 4 * tokens
    }

    init(level: Int, among streams: Int) throws(CompressionError) {
        levelBufferBytes = Self.levelBufferBytes(level: level, among: streams)
        stream = .allocate(capacity: 1)
        levelBuffer = .allocate(capacity: levelBufferBytes)
        isal_deflate_init(stream)
        stream.pointee.level = UInt32(level)
        stream.pointee.level_buf = levelBuffer
        stream.pointee.level_buf_size = UInt32(levelBufferBytes)
        stream.pointee.gzip_flag = UInt16(IGZIP_GZIP)
    }

    func free() {
        stream.deallocate()
        levelBuffer.deallocate()
    }

    var crc32: UInt32 { stream.pointee.internal_state.crc }

    var memoryBytes: Int { MemoryLayout<isal_zstream>.size + levelBufferBytes }

    func step(
        _ input: UnsafeRawBufferPointer,
        flush: Flush,
        into output: UnsafeMutableRawBufferPointer
    ) -> Step {
        var step = Step(consumed: 0, produced: 0, isComplete: false)
        repeat {
            let rest = UnsafeRawBufferPointer(rebasing: input[step.consumed...])
            let room = UnsafeMutableRawBufferPointer(rebasing: output[step.produced...])
            let moved = call(rest, flush: flush, into: room)
            step.consumed += moved.consumed
            step.produced += moved.produced
            step.isComplete = step.consumed == input.count && isDone(flush)
        } while !step.isComplete && step.produced < output.count
        return step
    }

    /// Calls the library once, on at most 1 GiB of input: its counters have 32 bits.
    private func call(
        _ input: UnsafeRawBufferPointer,
        flush: Flush,
        into output: UnsafeMutableRawBufferPointer
    ) -> (consumed: Int, produced: Int) {
        let inputCount = min(input.count, 1 << 30)
        let outputCount = min(output.count, 1 << 30, leftoverBytes ?? .max)
        let isLast = inputCount == input.count
        stream.pointee.next_in = input.baseAddress.map {
            UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self))
        }
        stream.pointee.avail_in = UInt32(inputCount)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(outputCount)
        stream.pointee.end_of_stream = isLast && flush == .finish ? 1 : 0
        stream.pointee.flush = isLast ? Self.code(of: flush) : UInt16(NO_FLUSH)
        let result = isal_deflate(stream)
        precondition(result == COMP_OK, "isal_deflate refused its own settings: \(result)")
        return (
            inputCount - Int(stream.pointee.avail_in), outputCount - Int(stream.pointee.avail_out)
        )
    }

    /// The number of bytes in the library's small output buffer.
    ///
    /// They are fetched by a separate call: with more space the library would continue and repeat a
    /// flush that is already done.
    private var leftoverBytes: Int? {
        let state = stream.pointee.internal_state.state
        guard state.rawValue >= ZSTATE_TMP_NEW_HDR.rawValue else { return nil }
        let start = stream.pointee.internal_state.tmp_out_start
        return Int(stream.pointee.internal_state.tmp_out_end &- start)
    }

    private func isDone(_ flush: Flush) -> Bool {
        let state = stream.pointee.internal_state.state
        switch flush {
        case .none: return true
        case .sync, .full: return state == ZSTATE_NEW_HDR
        case .finish: return state == ZSTATE_END
        }
    }

    private static func code(of flush: Flush) -> UInt16 {
        switch flush {
        case .none, .finish: UInt16(NO_FLUSH)
        case .sync: UInt16(SYNC_FLUSH)
        case .full: UInt16(FULL_FLUSH)
        }
    }
}
