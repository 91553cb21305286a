import NIOCore

/// The listening channels of a source, on its first event loop, which hands connections over to all.
final class Listeners {
    private let loops: [any EventLoop]
    private let commons: LoopCommons
    private var channels: [any Channel] = []
    private var isClosed = false

    /// `loops`: of the source; the first is the caller's.
    init(_ loops: [any EventLoop], _ commons: LoopCommons) {
        self.loops = loops
        self.commons = commons
    }

    func add(_ channel: any Channel) {
        if isClosed { return channel.close(promise: nil) }
        channels.append(channel)
    }

    /// Accepts no more connections.
    ///
    /// A connection that is on its way to its loop when its listener closes would be closed without an
    /// answer. So nothing more is accepted first, and then each loop is asked once: what was on its
    /// way came before that.
    func close() {
        isClosed = true
        let (first, commons) = (loops[0], commons)
        for channel in channels {
            try? channel.syncOptions?.setOption(.autoRead, value: false)
        }
        let asked = loops.map { $0.submit {}.hop(to: first) }
        let bound = NIOLoopBound(channels, eventLoop: first)
        channels = []
        EventLoopFuture.andAllComplete(asked, on: first).whenComplete { _ in
            let closing = bound.value.map { $0.close() }
            EventLoopFuture.andAllComplete(closing, on: first).whenComplete { _ in commons.close() }
        }
    }
}
