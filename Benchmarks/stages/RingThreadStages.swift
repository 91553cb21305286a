import Foundation
import Glibc
import Platform
import Ring

/// The wait of both sides of the compared rings: they spin for a moment, then yield.
struct SpinWait {
    private var turns = 0

    mutating func wait() {
        turns += 1
        if turns % 64 == 0 { sched_yield() } else { Processor.relax() }
    }
}

/// Runs a producer and a consumer on separate threads, and waits for both.
func together(
    _ producer: @escaping @Sendable () -> Void,
    _ consumer: @escaping @Sendable () -> Void
) {
    let done = DispatchSemaphore(value: 0)
    for body in [producer, consumer] {
        Thread {
            body()
            done.signal()
        }.start()
    }
    done.wait()
    done.wait()
}

/// The ring between two threads that never sleep.
struct RingTwoThreads: Stage {
    func run(_ iterations: Int) throws -> Int {
        let records = iterations * EventInputs.count
        let ring = try RingBuffer(capacity: RingLoad.capacity)
        together {
            var producer = RingProducer(ring, consumer: Parker())
            var left = records
            var waiting = SpinWait()
            while left > 0 {
                let pushed = producer.push(RingLoad.message, min(RingLoad.batch, left))
                left -= pushed
                if pushed == 0 { waiting.wait() }
            }
        } _: {
            var consumer = RingConsumer(ring)
            var left = records * RingLoad.recordBytes
            var waiting = SpinWait()
            while left > 0 {
                let bytes = consumer.drain()
                left -= bytes
                if bytes == 0 { waiting.wait() }
            }
        }
        return records
    }
}

/// The ring in C++ between two threads that never sleep.
struct CppRingTwoThreads: Stage {
    func run(_ iterations: Int) throws -> Int {
        let records = iterations * EventInputs.count
        let ring = try CppRing()
        together {
            var left = records
            var waiting = SpinWait()
            while left > 0 {
                let pushed = ring.push(RingLoad.message, min(RingLoad.batch, left))
                left -= pushed
                if pushed == 0 { waiting.wait() }
            }
        } _: {
            var left = records * RingLoad.recordBytes
            var waiting = SpinWait()
            while left > 0 {
                let bytes = ring.drain()
                left -= bytes
                if bytes == 0 { waiting.wait() }
            }
        }
        return records
    }
}

/// The ring between two threads that sleep and wake each other like the daemon's.
struct RingParked: Stage {
    func run(_ iterations: Int) throws -> Int {
        let records = iterations * EventInputs.count
        let ring = try RingBuffer(capacity: RingLoad.capacity)
        let parker = Parker()
        let hasSpace = DispatchSemaphore(value: 0)
        together {
            var producer = RingProducer(ring, consumer: parker)
            var left = records
            while left > 0 {
                let pushed = producer.push(RingLoad.message, min(RingLoad.batch, left))
                left -= pushed
                if pushed == 0, !producer.requestSpaceSignal() { hasSpace.wait() }
            }
        } _: {
            var consumer = RingConsumer(ring)
            var left = records * RingLoad.recordBytes
            while left > 0 {
                left -= consumer.drain()
                if consumer.takeSpaceRequest() { hasSpace.signal() }
                parker.park(timeoutNanoseconds: -1) { !consumer.isEmpty || left == 0 }
            }
        }
        return records
    }
}
