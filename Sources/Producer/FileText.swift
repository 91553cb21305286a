import Glibc

/// The text of one file, seen through a window that grows as far as somebody looks ahead.
final class FileText {
    /// Longer than any event a collector takes.
    private static let windowBytesMax = 64 << 20

    private let input: FileInput
    private var memory: UnsafeMutableRawBufferPointer
    private var unread = 0..<0
    private var isAtEnd = false
    /// Lines that were taken as a whole; the one at the front is the next.
    private(set) var linesTaken = 0

    /// Opens the file, to read so many bytes of it at once.
    init(path: String, windowBytes: Int) throws(ProducerError) {
        input = try FileInput(path: path)
        memory = .allocate(byteCount: windowBytes, alignment: 16)
    }

    deinit { memory.deallocate() }

    var path: String { input.path }

    /// The place of what stands at the front.
    var place: EventPlace { EventPlace(path: path, line: linesTaken + 1) }

    /// What was read and not taken yet; valid until the next call that reads.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[unread]) }

    /// The byte so far from the front, if it need not be read first.
    func bufferedByte(at offset: Int) -> UInt8? {
        offset < unread.count ? memory[unread.lowerBound + offset] : nil
    }

    /// The byte so far from the front; nil behind the end of the file.
    func byte(at offset: Int) throws(ProducerError) -> UInt8? {
        while offset >= unread.count {
            guard try fill() else { return nil }
        }
        return memory[unread.lowerBound + offset]
    }

    /// How far the next line break is from the front, or the end of the file.
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

    /// Lets go of so many bytes at the front.
    func take(_ count: Int) {
        let taken = UnsafeRawBufferPointer(rebasing: bytes.prefix(count))
        var rest = taken
        while let base = rest.baseAddress, let found = memchr(base, 0x0a, rest.count) {
            linesTaken += 1
            rest = UnsafeRawBufferPointer(rebasing: rest[(UnsafeRawPointer(found) - base + 1)...])
        }
        unread = (unread.lowerBound + taken.count)..<unread.upperBound
    }

    /// Reads more behind what is unread, which moves to the start; false at the file's end.
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
