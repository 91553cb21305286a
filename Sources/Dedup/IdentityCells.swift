import Glibc
import Platform

/// A shard and its lock, adjacent in memory.
struct IdentityCell {
    var lock = pthread_mutex_t()
    var shard: IdentityShard
}

/// The shards with their locks, each on its own cache lines, so that threads on neighbouring shards
/// do not share a line.
struct IdentityCells {
    private static let lineBytes = 64
    private static let stride =
        (MemoryLayout<IdentityCell>.size + lineBytes - 1) / lineBytes * lineBytes

    private let memory: UnsafeMutableRawPointer
    private let count: Int

    /// Allocates memory for `count` shards, which `fill` then initialises.
    init(count: Int) {
        self.count = count
        memory = .allocate(byteCount: count * Self.stride, alignment: Self.lineBytes)
    }

    func fill(_ at: Int, _ shard: IdentityShard) {
        let cell = (memory + at * Self.stride).initializeMemory(
            as: IdentityCell.self,
            to: IdentityCell(shard: shard)
        )
        pthread_mutex_init(&cell.pointee.lock, nil)
    }

    /// Frees all shards.
    func free() {
        for at in 0..<count {
            self[at].pointee.shard.free()
            pthread_mutex_destroy(&self[at].pointee.lock)
        }
        memory.deallocate()
    }

    subscript(at: Int) -> UnsafeMutablePointer<IdentityCell> {
        (memory + at * Self.stride).assumingMemoryBound(to: IdentityCell.self)
    }

    /// Prefetches what every admission touches: the lock, table and arena.
    func fetch(_ at: Int) {
        let cell = memory + at * Self.stride
        Processor.prefetch(cell)
        Processor.prefetch(cell + Self.lineBytes)
    }

    @inline(__always)
    func withLock<Value>(_ at: Int, _ body: (inout IdentityShard) -> Value) -> Value {
        pthread_mutex_lock(&self[at].pointee.lock)
        defer { pthread_mutex_unlock(&self[at].pointee.lock) }
        return body(&self[at].pointee.shard)
    }
}
