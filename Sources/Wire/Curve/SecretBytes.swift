import CSodium

/// Memory for a secret, which is overwritten before it is freed.
///
/// One owner; its bytes may be read by any thread while nobody writes them. The memory has a fixed
/// address on the heap, so that no copy of the secret stays behind when the value moves.
package struct SecretBytes: ~Copyable, @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    /// Zeroed memory of `count` bytes.
    package init(count: Int) {
        memory = .allocate(byteCount: count, alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// Memory with a copy of `bytes`.
    package init(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count)
        memory.copyMemory(from: bytes)
    }

    /// Memory with a copy of `bytes`.
    package init(copying bytes: [UInt8]) {
        self.init(count: bytes.count)
        memory.copyBytes(from: bytes)
    }

    /// `count` random bytes of the system (getrandom(2)).
    static func random(count: Int) -> SecretBytes {
        let bytes = SecretBytes(count: count)
        Sodium.fillRandomly(bytes.memory)
        return bytes
    }

    deinit {
        sodium_memzero(memory.octets, memory.count)
        memory.deallocate()
    }

    /// The secret; valid as long as this value.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }

    /// The secret, to be written; valid as long as this value.
    package var mutableBytes: UnsafeMutableRawBufferPointer { memory }
}
