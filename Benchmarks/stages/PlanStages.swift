import Events
import Plan

/// Reads messages of one event, and walks each as a plan says; without a plan it only reads.
///
/// The walk's cost is the difference to the stage without one.
struct PlanStage: Stage, ~Copyable {
    private var reader = ValueReader(depthMax: 64)
    private var walk = PlanWalk()
    private let plan: CompiledPlan?
    /// The name of each event, in a fixed random order.
    private let names: [UnsafeRawBufferPointer]

    /// - Parameter events: the number of events that the plan has; they differ in one length.
    /// - Throws: if the plan is refused.
    init(events: Int) throws {
        names = PlanInputs.names(events)
        plan = events == 0 ? nil : try PlanInputs.plan(events)
        guard let plan else { return }
        for (at, payload) in EventInputs.single.enumerated() {
            precondition(reader.read(payload) == nil, "a generated event is JSON")
            let root = plan.root(for: names[at])
            let isDone = walk.run(plan.program, root: root.node, reader.reader, at: reader.start)
            precondition(isDone && root.isPlanned && walk.isMet, "a generated event meets its plan")
        }
    }

    mutating func run(_ iterations: Int) -> Int {
        var sum = 0
        for _ in 0..<iterations {
            for at in 0..<EventInputs.single.count {
                _ = reader.read(EventInputs.single[at])
                sum &+= reader.start
                guard let plan else { continue }
                let root = plan.root(for: names[at]).node
                _ = walk.run(plan.program, root: root, reader.reader, at: reader.start)
                sum &+= walk.violationCount
            }
        }
        return sum
    }
}

/// Plans for the generated events.
enum PlanInputs {
    static func plan(_ events: Int) throws -> CompiledPlan {
        var plan = PlanDefinition()
        plan.version = 1
        let texts = ["messageId", "type", "event", "channel", "timestamp", "generated.run"]
        plan.common = try texts.map { try property($0, types: 16) }
        plan.common += try ["generated.producer", "generated.sequence"].map {
            try property($0, types: 64)
        }
        for event in 0..<events {
            var planned = PlanDefinition.Event(name: "Generated \(event)")
            planned.properties = [
                try property("path", types: 16) { $0.length.most = 200 + UInt32(event) },
                try property("campaign", types: 16) { $0.length.least = 1 },
                try property("sku", types: 16) { $0.length.most = 20 + UInt32(event) },
                try property("price", types: 32) { $0.bounds = [(.minimum, "0")] },
                try property("quantity", types: 64) {
                    $0.bounds = [(.minimum, "1"), (.maximum, "100")]
                },
                try property("description", types: 16) { $0.length.most = 500 + UInt32(event) },
                try property("position", types: 64),
            ]
            plan.events.append(planned)
        }
        return try CompiledPlan(plan)
    }

    /// Names for ``EventInputs/single``, of some events in a random order; they are never freed.
    static func names(_ events: Int) -> [UnsafeRawBufferPointer] {
        var state: UInt64 = 1
        return (0..<EventInputs.count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let bytes = Array("Generated \(Int(state >> 33) % max(1, events))".utf8)
            let memory = UnsafeMutableRawBufferPointer.allocate(
                byteCount: bytes.count,
                alignment: 8
            )
            memory.copyBytes(from: bytes)
            return UnsafeRawBufferPointer(memory)
        }
    }

    private static func property(
        _ path: String,
        types: UInt8,
        _ change: (inout PropertyRule) -> Void = { _ in }
    ) throws -> PlannedProperty {
        var rule = PropertyRule()
        rule.types = types
        rule.isRequired = true
        change(&rule)
        return PlannedProperty(path: try EventPath(path), rule: rule)
    }
}
