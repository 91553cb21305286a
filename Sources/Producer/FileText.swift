import Glibc

/// The text of one file, read through a window that grows with the look-ahead.
final class FileText {
    /// The largest window in bytes: longer than any event that a collector accepts.
    private static let windowBytesMax = 64 << 20

    private let input: FileInput
    private var memory: UnsafeMutableRawBufferPointer
    private var unread = 0..<0
    private var isAtEnd = false
    /// Lines taken completely; the one at the front is the next.
    private(set) var linesTaken = 0

    /// Opens the file, reading `windowBytes` bytes at a time.
    init(path: String, windowBytes: Int) throws(ProducerError) {
        input = try FileInput(path: path)
        memory = .allocate(byteCount: windowBytes, alignment: 16)
    }

    deinit { memory.deallocate() }

    var path: String { input.path }

    /// The place of the text at the front.
    var place: EventPlace { EventPlace(path: path, line: linesTaken + 1) }

    /// The bytes read and not taken yet; valid until the next call that reads.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[unread]) }

    /// Returns the byte at `offset` from the front, if it is already in the window.
    func bufferedByte(at offset: Int) -> UInt8? {
        offset < unread.count ? memory[unread.lowerBound + offset] : nil
    }

    /// Returns the byte at `offset` from the front, reading if needed; nil after the file's end.
    func byte(at offset: Int) throws(ProducerError) -> UInt8? {
        while offset >= unread.count {
            guard try fill() else { return nil }
        }
        return memory[unread.lowerBound + offset]
    }

    /// Returns the offset from the front of the next line break, or of the end of the file.
    func lineEnd(from start: Int) throws(ProducerError) -> Int {
        var searched = start
        while true {
            if let base = bytes.baseAddress, searched < unread.count,
                let found = memchr(base + searched, 0x0a, unread.count - searched)
            {
                return UnsafeRawPointer(found) - base
            }
            searched = max(searched, unread.count)
            guard try fill() else { return unread.count }
        }
    }

    /// Removes `count` bytes from the front.
    func take(_ count: Int) {
        let taken = UnsafeRawBufferPointer(rebasing: bytes.prefix(count))
        var rest = taken
        while let base = rest.baseAddress, let found = memchr(base, 0x0a, rest.count) {
            linesTaken += 1
            rest = UnsafeRawBufferPointer(rebasing: rest[(UnsafeRawPointer(found) - base + 1)...])
        }
        unread = (unread.lowerBound + taken.count)..<unread.upperBound
    }

    /// Moves the unread bytes to the start and reads more after them; false at the file's end.
    func fill() throws(ProducerError) -> Bool {
        if isAtEnd { return false }
        let count = unread.count
        if unread.lowerBound > 0 {
            memory.copyMemory(from: bytes)
            unread = 0..<count
        }
        if count == memory.count { try grow() }
        let got = try input.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
        unread = 0..<(count + got)
        isAtEnd = got == 0
        return got > 0
    }

    private func grow() throws(ProducerError) {
        guard memory.count < Self.windowBytesMax else {
            throw .lineTooLong(path: path, line: linesTaken + 1, bytesMax: Self.windowBytesMax)
        }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: memory.count * 2,
            alignment: 16
        )
        larger.copyMemory(from: UnsafeRawBufferPointer(memory))
        memory.deallocate()
        memory = larger
    }
}
