import Intake

/// The note of a message whose topic is the channel of its events.
///
/// One thread, the receiver's. A topic that repeats the last one costs a comparison.
struct TopicNote: ~Copyable {
    private let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: RequestNote.headerByteCount + RequestNote.textBytesMax,
        alignment: 8
    )
    /// The note; empty if the topic cannot be a channel.
    private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)

    deinit { memory.deallocate() }

    /// Takes the topic of a message: up to 255 bytes of UTF-8, at least one.
    mutating func take(_ topic: UnsafeRawBufferPointer) {
        let last = bytes.dropFirst(RequestNote.headerByteCount)
        if !topic.isEmpty, topic.elementsEqual(last) { return }
        bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        guard (1...RequestNote.textBytesMax).contains(topic.count),
            String(validating: topic, as: UTF8.self) != nil
        else { return }
        let count = RequestNote.write(channel: topic, to: memory)
        bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
    }
}
