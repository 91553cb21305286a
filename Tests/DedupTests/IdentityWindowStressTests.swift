import Foundation
import Synchronization
import Testing

@testable import Dedup

/// Short enough for ThreadSanitizer: `make tsan`.
@Suite struct IdentityWindowStressTests {
    /// Two threads admit the same ids: each has exactly one original, and the other learns whose.
    @Test func oneOfTwoThreadsHasTheOriginal() throws {
        let window = try IdentityWindowTests.window(16 << 20)
        let count = 20_000
        let originals = Mutex<[Int: Int]>([:])
        let wrong = Atomic<Int>(0)
        let done = DispatchGroup()
        for writer in 0..<2 {
            let thread = Thread {
                for job in 1...10 {
                    window.begin(job: UInt64(job), writer: writer)
                    for number in (job - 1) * count / 10..<job * count / 10 {
                        let verdict = IdentityWindowTests.admit(
                            window,
                            "event \(number)",
                            writer: writer,
                            job: UInt64(job)
                        )
                        if !verdict.isDuplicate {
                            originals.withLock { _ = $0[number, default: 0] += 1 }
                        } else if verdict.job != UInt64(job) || verdict.writer == writer {
                            wrong.wrappingAdd(1, ordering: .relaxed)
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
        #expect(originals.withLock { $0.count } == count)
        #expect(originals.withLock { $0.values.allSatisfy { $0 == 1 } })
        #expect(wrong.load(ordering: .relaxed) == 0)
    }
}
