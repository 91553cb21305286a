import Control
import Foundation
import TestSupport
import Testing

@testable import Daemon

/// The tracking plan of a running collector: what it counts, over reloads.
@Suite struct LifePlanTests {
    private let met = #"{"event":"order","properties":{"total":1}}"#
    private let wrong = #"{"event":"order","properties":{"total":"a-secret"}}"#

    private func write(version: Int, type: String, to folder: TemporaryFolder) throws {
        let events = "\(folder.path)/plan/events"
        try FileManager.default.createDirectory(
            atPath: events,
            withIntermediateDirectories: true
        )
        try Data("plan: shop\nversion: \(version)\n".utf8)
            .write(to: URL(fileURLWithPath: "\(folder.path)/plan/plan.yaml"))
        try Data("event: order\nproperties: { total: { type: \(type) } }\n".utf8)
            .write(to: URL(fileURLWithPath: "\(events)/order.yaml"))
    }

    private func rig(_ folder: TemporaryFolder) throws -> LifeRig {
        try LifeRig(folder: folder, more: "plan: { directory: \"\(folder.path)/plan\" }\n")
    }

    private func seen(_ answer: PlanAnswer) throws -> [Int] {
        let counts = try #require(answer.events.first).counts
        return [counts.seen, counts.ok, counts.warned]
    }

    @Test func countsGoOnUnderAnotherPlan() async throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-life")
        try write(version: 1, type: "number", to: folder)
        let rig = try rig(folder)
        try await rig.recovered()
        try await rig.push([met, wrong], until: 2)
        _ = try await rig.collector.flush()
        let first = try await rig.collector.plan()
        #expect(try seen(first) == [2, 1, 1] && first.version == 1 && first.mode == "annotate")
        try write(version: 2, type: "nonsense", to: folder)
        await #expect(throws: ControlError.self) { try await rig.collector.reload() }
        #expect(try await rig.collector.plan() == first)
        try write(version: 2, type: "string", to: folder)
        #expect(try await rig.collector.reload().applied == ["plan"])
        try await rig.push([met, wrong, wrong], until: 5)
        _ = try await rig.collector.flush()
        let second = try await rig.collector.plan()
        #expect(try seen(second) == [5, 3, 2] && second.version == 2)
        #expect(second.loadedAt > first.loadedAt)
        let drift = try await rig.collector.drift()
        #expect(drift.map(\.path) == ["properties.total"] && drift.map(\.count) == [2])
        #expect(drift[0].types == ["string", "number"])
        #expect(drift[0].sample?.run == rig.collector.run && drift[0].source == "producers")
        #expect(await rig.drain())
    }

    @Test func withoutAPlanTheVerbsSayHowToGetOne() async throws {
        let rig = try LifeRig()
        try await rig.recovered()
        await #expect(throws: ControlError.self) { try await rig.collector.plan() }
        await #expect(throws: ControlError.self) { try await rig.collector.drift() }
        #expect(await rig.drain())
    }
}
