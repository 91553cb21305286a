/// The mutex queue, alternately filled and emptied by one thread.
struct QueueOneThread: Stage {
    private let queue = MutexQueue()

    func run(_ iterations: Int) -> Int {
        var bytes = 0
        for _ in 0..<(iterations * EventInputs.count / RingLoad.batch) {
            for _ in 0..<RingLoad.batch { queue.push(RingLoad.message) }
            while let record = queue.pop() { bytes += record.count }
        }
        return bytes
    }
}

/// The mutex queue between two threads.
struct QueueTwoThreads: Stage {
    func run(_ iterations: Int) -> Int {
        let records = iterations * EventInputs.count
        let queue = MutexQueue()
        together {
            for _ in 0..<records { queue.pushWhenRoom(RingLoad.message) }
        } _: {
            for _ in 0..<records { _ = queue.popWhenAny() }
        }
        return records
    }
}
