/// An answer on its way from a committer to the source, which knows the return address.
///
///     offset  bytes
///     0       2     bytes of the return address
///     2       2     number of the connection, as in ``IntakeRecord``
///     4       4     0
///     8             return address, ``Answer``, without gaps
package struct PostedAnswer {
    package static let headerByteCount = 8

    package let peer: UInt16
    /// As in ``IntakeRecord``.
    package let returnAddress: UnsafeRawBufferPointer
    private let bytes: UnsafeRawBufferPointer

    package var answer: Answer { Answer(bytes) }

    package init(_ bytes: UnsafeRawBufferPointer) {
        let start = Self.headerByteCount + Int(bytes.loadUnaligned(as: UInt16.self))
        peer = bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        returnAddress = UnsafeRawBufferPointer(rebasing: bytes[Self.headerByteCount..<start])
        self.bytes = UnsafeRawBufferPointer(rebasing: bytes[start...])
    }

    /// Bytes of the answer to a record.
    ///
    /// `answer`: bytes of the ``Answer`` itself.
    package static func byteCount(for record: IntakeRecord, answer: Int) -> Int {
        headerByteCount + record.returnAddress.count + answer
    }

    /// Writes everything but the ``Answer``, and returns where the ``Answer`` belongs.
    package static func writeAddress(
        of record: IntakeRecord,
        to room: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        let address = record.returnAddress
        room.storeBytes(of: 0, as: UInt64.self)
        room.storeBytes(of: UInt16(truncatingIfNeeded: address.count), as: UInt16.self)
        room.storeBytes(of: record.peer, toByteOffset: 2, as: UInt16.self)
        if let start = address.baseAddress {
            (room + headerByteCount).copyMemory(from: start, byteCount: address.count)
        }
        return room + headerByteCount + address.count
    }
}
