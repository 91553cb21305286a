@testable import Ring

/// A ring with both its ends in a class: the macros of Swift Testing cannot capture noncopyable
/// values.
///
/// For tests on one thread.
final class RingEnds {
    let ring: RingBuffer
    private var producer: RingProducer
    private var consumer: RingConsumer

    init(capacity: Int, hotBytes: Int = RingBuffer.hotBytesDefault) throws {
        ring = try RingBuffer(capacityOfAnySize: capacity, hotBytes: hotBytes)
        producer = RingProducer(ring, consumer: Parker())
        consumer = RingConsumer(ring)
    }

    func claim(_ byteCount: Int) -> UnsafeMutableRawPointer? { producer.claim(byteCount) }
    func publish() { producer.publish() }
    func claimedAndUsedBytes() -> Int { producer.usedBytes() }
    func requestSpaceSignal() -> Bool { producer.requestSpaceSignal() }
    func next() -> UnsafeRawBufferPointer? { consumer.next() }
    func ahead(_ byteCount: Int) -> UnsafeRawPointer? { consumer.ahead(byteCount)?.baseAddress }
    func release() { consumer.release() }
    func takeSpaceRequest() -> Bool { consumer.takeSpaceRequest() }
    var isEmpty: Bool { consumer.isEmpty }
}
