import Foundation
import Synchronization
import Testing

@testable import Ring

@Suite struct ParkerTests {
    @Test func sleepsUntilTheTimeIsOver() {
        let parker = Parker()
        let time = ContinuousClock().measure {
            // The system may end a sleep early for no reason; twenty in a row are no coincidence.
            for _ in 0..<20 { parker.park(timeoutNanoseconds: 1_000_000) { false } }
        }
        #expect(time > .milliseconds(10))
    }

    @Test func doesNotSleepWhenThereIsWork() {
        let parker = Parker()
        let time = ContinuousClock().measure {
            parker.park(timeoutNanoseconds: 60_000_000_000) { true }
        }
        #expect(time < .seconds(30))
    }

    @Test func aWakeBetweenTheLookAndTheSleepIsNotLost() {
        let parker = Parker()
        let time = ContinuousClock().measure {
            parker.park(timeoutNanoseconds: 60_000_000_000) {
                parker.wake()
                return false
            }
        }
        #expect(time < .seconds(30))
    }

    @Test func aWakeOfSomebodyAwakeDoesNotShortenTheNextSleep() {
        let parker = Parker()
        parker.wake()
        #expect(!parker.bed.exchangeParked(false), "the flag is set only while somebody sleeps")
    }

    @Test func anyThreadEndsASleepWithoutLimit() {
        let parker = Parker()
        let isDone = WakeFlag()
        let awake = DispatchSemaphore(value: 0)
        let thread = Thread {
            while !isDone.value.load(ordering: .acquiring) {
                parker.park(timeoutNanoseconds: -1) { isDone.value.load(ordering: .acquiring) }
            }
            awake.signal()
        }
        thread.start()
        isDone.value.store(true, ordering: .releasing)
        parker.wake()
        #expect(awake.wait(timeout: .now() + 60) == .success, "the sleeper was not woken")
    }

    private final class WakeFlag: Sendable {
        let value = Atomic(false)
    }
}
