import Events
import Platform

/// Splits payloads into events.
struct ParseStage: Stage, ~Copyable {
    private let payloads: [UnsafeRawBufferPointer]
    private var reader = PayloadReader(limits: PayloadLimits())
    private let views = EventInputs.burst()

    init(_ payloads: [UnsafeRawBufferPointer]) {
        self.payloads = payloads
    }

    deinit {
        views.deallocate()
    }

    mutating func run(_ iterations: Int) -> Int {
        var sum = 0
        for _ in 0..<iterations {
            for at in 0..<payloads.count {
                reader.begin(payloads[at])
                while true {
                    let count = reader.next(views)
                    if count == 0 { break }
                    for view in views[..<count] {
                        sum += view.bytes.count + view.channel.count
                        sum += view.name.count + view.time.count
                    }
                }
            }
        }
        return sum
    }
}

/// Parses the events' times.
struct TimestampStage: Stage {
    private let views = EventInputs.views

    func run(_ iterations: Int) -> Int {
        var sum = 0
        for _ in 0..<iterations {
            for at in 0..<views.count { sum &+= Int(Timestamp.parse(views[at].time) ?? 0) }
        }
        return sum
    }
}

/// Finds the partition and the open segment of events that were read.
struct RouteStage: Stage, ~Copyable {
    private let views = EventInputs.views
    private var segments: BenchSegments

    init() throws {
        var segments = try BenchSegments(DiscardingFileSystem())
        for view in EventInputs.views { _ = try segments.slot(for: view, eventTime: nil) }
        self.segments = segments
    }

    mutating func run(_ iterations: Int) throws -> Int {
        var sum = 0
        for _ in 0..<iterations {
            for at in 0..<views.count {
                sum += try segments.slot(for: views[at], eventTime: nil) + 1
            }
        }
        return sum
    }
}

/// Writes events as lines into memory.
struct SpliceStage: Stage, ~Copyable {
    private let views = EventInputs.views
    private let resolved = EventInputs.views.map { EventInputs.resolved($0) }
    private var splicer = EventSplicer(node: BenchSegments.node, source: "s", run: "r")
    private let room: UnsafeMutablePointer<UInt8>

    init() {
        room = .allocate(capacity: EventInputs.lines.count + EventInputs.count * 64)
    }

    deinit {
        room.deallocate()
    }

    mutating func run(_ iterations: Int) -> Int {
        var sum = 0
        var sequence: UInt64 = 0
        for _ in 0..<iterations {
            var end = room
            for at in 0..<views.count {
                sequence += 1
                end += splicer.write(
                    views[at],
                    as: resolved[at],
                    receivedAt: EventInputs.receivedAt,
                    sequence: sequence,
                    to: end
                )
            }
            sum += end - room
        }
        return sum
    }
}
