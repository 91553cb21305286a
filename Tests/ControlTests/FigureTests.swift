import Foundation
import Testing

@testable import Control

/// The tables of figures match the JSON, the manual and the rules of Prometheus.
@Suite struct FigureTests {
    private static func holds<Part: Codable>(_ figures: [Figure<Part>], _ part: Part) throws {
        for (index, figure) in figures.enumerated() {
            var part = part
            part[keyPath: figure.path] = 1_000 + index
            let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(part))
            let keys = try #require(json as? [String: Any])
            #expect(keys[figure.name] as? Int == 1_000 + index, "\(figure.name)")
        }
        #expect(Set(figures.map(\.name)).count == figures.count)
        for figure in figures where figure.metric != nil {
            #expect(figure.help.hasSuffix(".") && figure.help.count < 90, "\(figure.name)")
        }
    }

    private static let metrics =
        Ledger.figures.compactMap(\.metric) + SourceStats.figures.compactMap(\.metric)
        + ConnectionStats.figures.compactMap(\.metric) + RingStats.figures.compactMap(\.metric)
        + ByteStats.figures.compactMap(\.metric) + DedupStatus.figures.compactMap(\.metric)
        + QuarantineStatus.figures.compactMap(\.metric)

    @Test func namesAreKeysOfTheJSON() throws {
        try Self.holds(Ledger.figures, Sample.ledger(received: 1))
        try Self.holds(SourceStats.figures, SourceStats(ledger: Ledger()))
        try Self.holds(ConnectionStats.figures, ConnectionStats())
        let ring = RingStats(capacity: 4, used: 1, highWater: 2, full: 0)
        try Self.holds(RingStats.figures, ring)
        try Self.holds(ByteStats.figures, ByteStats(raw: 1, compressed: 1))
        try Self.holds(DedupStatus.figures, Sample.dedup)
        try Self.holds(QuarantineStatus.figures, QuarantineStatus())
    }

    @Test func metricsHaveNamesOfTheirOwn() {
        #expect(Set(Self.metrics).count == Self.metrics.count)
        #expect(Self.metrics.allSatisfy { $0.hasPrefix("touchpoint_") })
    }

    @Test func everyMetricIsInTheReference() throws {
        let manual = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/REFERENCE.md")
        let text = try String(contentsOf: manual, encoding: .utf8)
        for metric in Self.metrics {
            let name = metric.dropFirst("touchpoint_".count)
            let isNamed =
                text.contains("`\(name)`") || text.contains("`\(metric)`")
                || text.contains("`…_\(name.split(separator: "_", maxSplits: 1).last ?? "")`")
            #expect(isNamed, "\(metric)")
        }
    }
}
