/// The fields that a batch's events inherit from its envelope: `context` and `sentAt` as raw JSON,
/// and the channel.
struct Inherited {
    private var context = UnsafeRawBufferPointer(start: nil, count: 0)
    private var sentAt = UnsafeRawBufferPointer(start: nil, count: 0)
    /// A copy, because the reader's scratch is reused for the events.
    private var channel = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var channelCount = 0
    private var isActive = false
    /// Whether no event has inherited from this envelope yet.
    private var isUnused = true

    mutating func take(
        context: UnsafeRawBufferPointer,
        sentAt: UnsafeRawBufferPointer,
        channel: UnsafeRawBufferPointer
    ) {
        self.context = context
        self.sentAt = sentAt
        isActive = true
        isUnused = true
        channelCount = channel.count
        if channelCount > self.channel.count {
            self.channel.deallocate()
            self.channel = .allocate(byteCount: channelCount, alignment: 1)
        }
        self.channel.copyMemory(from: channel)
    }

    mutating func clear() {
        isActive = false
    }

    /// Whether an event is the envelope's first to inherit: what it gets was in the message anyway.
    mutating func isFirstCopy() -> Bool {
        defer { isUnused = false }
        return isUnused
    }

    /// Frees the memory; no call may follow.
    func free() {
        channel.deallocate()
    }

    /// Fills in the fields that the event lacks; returns the bytes that its line gains.
    func handDown(to view: inout EventView, hasContext: Bool, hasSentAt: Bool) -> Int {
        guard isActive else { return 0 }
        var byteCount = 0
        if !hasContext { view.inheritedContext = context }
        if view.channel.isEmpty {
            view.channel = UnsafeRawBufferPointer(start: channel.baseAddress, count: channelCount)
            byteCount += channelCount
        }
        if !hasSentAt { view.inheritedSentAt = sentAt }
        return byteCount + view.inheritedContext.count + view.inheritedSentAt.count
    }
}
