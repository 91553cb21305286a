import TestSupport
import Testing

@testable import Webhooks

@Suite struct ReplayMemoryTests {
    private func mark(_ number: Int) -> ReplayMark { ReplayMark(Array("\(number)".utf8)) }

    @Test func remembersAsManyAsItHasRoomFor() {
        var memory = ReplayMemory(room: 3)
        func remember(_ mark: ReplayMark) -> Bool { memory.remember(mark) }
        for number in 0..<10 {
            #expect(remember(mark(number)))
            for last in max(0, number - 2)...number { #expect(!remember(mark(last))) }
            #expect(memory.count == min(number + 1, 3))
        }
        #expect(remember(mark(0)))
    }

    @Test func forgetsOnlyWhatItIsAskedTo() {
        var memory = ReplayMemory(room: 3)
        func remember(_ mark: ReplayMark) -> Bool { memory.remember(mark) }
        for number in 0..<3 { #expect(remember(mark(number))) }
        memory.forget(mark(1))
        memory.forget(mark(7))
        #expect(memory.count == 2)
        #expect(!remember(mark(0)) && !remember(mark(2)))
        #expect(remember(mark(1)))
    }

    /// Against a model, whatever the order.
    @Test(arguments: UInt64(1)...20) func neverExceedsItsRoom(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var memory = ReplayMemory(room: 5)
        func remember(_ mark: ReplayMark) -> Bool { memory.remember(mark) }
        for _ in 0..<500 {
            let mark = mark(Int.random(in: 0..<12, using: &random))
            if Bool.random(using: &random) {
                _ = remember(mark)
                #expect(!remember(mark))
            } else {
                memory.forget(mark)
            }
            #expect(memory.count <= 5)
        }
    }
}
