/// The reason why a ring could not be made; thrown only by `RingBuffer.init`.
package struct RingError: Error, Equatable, CustomStringConvertible {
    /// What was wrong; a retry helps only for `outOfMemory`.
    package enum Reason: Equatable, Sendable {
        /// Offsets are computed by masking, so the capacity must be a power of two.
        case notPowerOfTwo
        /// Outside `RingBuffer.capacityBytesAllowed`.
        case outOfRange
        /// The system refused the mapping.
        case outOfMemory
    }

    /// What was wrong with the request.
    package let reason: Reason
    /// The requested capacity, in bytes.
    package let capacityBytes: Int

    /// The failed operation, its size, and the remedy.
    package var description: String {
        switch reason {
        case .notPowerOfTwo:
            "making a ring of \(capacityBytes) bytes: the capacity must be a power of two"
        case .outOfRange:
            "making a ring of \(capacityBytes) bytes: the capacity must be 4 KiB to 1 GiB"
        case .outOfMemory:
            "making a ring of \(capacityBytes) bytes: the system has no memory for it; "
                + "lower the capacity or allow the process more address space"
        }
    }
}
