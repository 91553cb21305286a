import Foundation
import Synchronization
import Testing

@testable import Dedup

/// Short enough for ThreadSanitizer: `make tsan`.
@Suite struct IdentityWindowStressTests {
    /// Counts how often each id was new.
    ///
    /// Uses a lock that ThreadSanitizer understands, unlike a Mutex.
    private final class Originals: @unchecked Sendable {
        private let lock = NSLock()
        private var counts: [Int: Int] = [:]

        func add(_ number: Int) { lock.withLock { counts[number, default: 0] += 1 } }

        var all: [Int: Int] { lock.withLock { counts } }
    }

    /// Two threads admit the same ids: each id has one original, and the other thread learns whose.
    @Test(arguments: [1, 16]) func oneOfTwoThreadsHasTheOriginal(burst size: Int) throws {
        let window = try IdentityWindowTests.window(16 << 20)
        let count = 32_000
        let originals = Originals()
        let wrong = Atomic<Int>(0)
        let done = DispatchGroup()
        for writer in 0..<2 {
            let thread = Thread {
                var burst = IdentityBurst(capacity: size)
                for commit in 1...10 {
                    window.begin(commit: CommitNumber(rawValue: UInt64(commit)), writer: writer)
                    for first in stride(
                        from: (commit - 1) * count / 10,
                        to: commit * count / 10,
                        by: size
                    ) {
                        let numbers = first..<(first + size)
                        burst.clear()
                        for number in numbers {
                            let identity = PackedIdentity(first: UInt64(number), second: 0)
                            window.announce(identity, scope: 0, in: &burst)
                        }
                        window.admit(
                            burst,
                            receivedAt: 0,
                            writer: writer,
                            commit: CommitNumber(rawValue: UInt64(commit))
                        )
                        for (at, number) in numbers.enumerated() {
                            let verdict = burst.verdict(at: at)
                            if !verdict.isDuplicate {
                                originals.add(number)
                            } else if verdict.commit != CommitNumber(rawValue: UInt64(commit))
                                || verdict.writer == writer
                            {
                                wrong.wrappingAdd(1, ordering: .relaxed)
                            }
                        }
                    }
                }
                done.leave()
            }
            done.enter()
            thread.start()
        }
        while done.wait(timeout: .now() + 0.001) == .timedOut {
            window.expire(now: 0)
            _ = window.figures
        }
        #expect(originals.all.count == count)
        #expect(originals.all.values.allSatisfy { $0 == 1 })
        #expect(wrong.load(ordering: .relaxed) == 0)
    }
}
