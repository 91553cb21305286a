/// Memory for texts of one burst: they stay in their places until all of it is taken back.
///
/// One thread, the writer's.
struct TextArena: ~Copyable {
    private static let blockBytes = 64 << 10
    /// Ordinary blocks that are kept for the next burst.
    private static let keptMax = 16

    private var blocks: [UnsafeMutableRawBufferPointer] = []
    /// The block in use, and how much of it is.
    private var current = 0
    private var used = 0

    deinit {
        for block in blocks { block.deallocate() }
    }

    /// Returns memory of so many bytes, without a value.
    mutating func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if current < blocks.count, count <= blocks[current].count - used {
            defer { used += count }
            return UnsafeMutableRawBufferPointer(rebasing: blocks[current][used..<(used + count)])
        }
        return takeFromNext(count)
    }

    @inline(never)
    private mutating func takeFromNext(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if used > 0 || current < blocks.count { current += 1 }
        if current == blocks.count || blocks[current].count < count {
            let block = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(count, Self.blockBytes),
                alignment: 16
            )
            blocks.insert(block, at: current)
        }
        used = count
        return UnsafeMutableRawBufferPointer(rebasing: blocks[current][..<count])
    }

    /// Takes all memory back; larger blocks than usual are freed.
    mutating func removeAll() {
        guard used > 0 else { return }
        (current, used) = (0, 0)
        if blocks.count > Self.keptMax || blocks.contains(where: { $0.count > Self.blockBytes }) {
            shrink()
        }
    }

    @inline(never)
    private mutating func shrink() {
        var kept: [UnsafeMutableRawBufferPointer] = []
        for block in blocks {
            if block.count == Self.blockBytes, kept.count < Self.keptMax {
                kept.append(block)
            } else {
                block.deallocate()
            }
        }
        blocks = kept
    }
}
