import Testing

@testable import Daemon

@Suite struct MetricsRendererTests {
    @Test func rendersTheExpositionFormat() {
        let metrics = [
            Metric(
                "touchpoint_events_received_total",
                help: "Events that came in.",
                kind: .counter,
                samples: [
                    .init(17, labels: [.init("source", "producers")]),
                    .init(0, labels: [.init("source", "reliable"), .init("node", "c1")]),
                ]
            ),
            Metric("touchpoint_ring_used_bytes", help: "a\\b\n\"c\"", kind: .gauge, value: 1.5),
            Metric(
                summary: "touchpoint_commit_seconds",
                help: "Commits.",
                quantiles: [(0.5, 0.001), (0.99, 0.25)],
                sum: 12.5,
                count: 4
            ),
        ]
        #expect(
            MetricsRenderer.text(metrics) == #"""
                # HELP touchpoint_events_received_total Events that came in.
                # TYPE touchpoint_events_received_total counter
                touchpoint_events_received_total{source="producers"} 17
                touchpoint_events_received_total{source="reliable",node="c1"} 0
                # HELP touchpoint_ring_used_bytes a\\b\n"c"
                # TYPE touchpoint_ring_used_bytes gauge
                touchpoint_ring_used_bytes 1.5
                # HELP touchpoint_commit_seconds Commits.
                # TYPE touchpoint_commit_seconds summary
                touchpoint_commit_seconds{quantile="0.5"} 0.001
                touchpoint_commit_seconds{quantile="0.99"} 0.25
                touchpoint_commit_seconds_sum 12.5
                touchpoint_commit_seconds_count 4

                """#
        )
    }

    @Test func aHistogramCountsWhatIsAtMostSoLarge() {
        let metric = Metric(
            histogram: "touchpoint_commit_seconds",
            help: "Commits.",
            ends: [0.0025, 1],
            counts: [3, 0, 2],
            sum: 7.5
        )
        #expect(
            MetricsRenderer.text([metric]) == #"""
                # HELP touchpoint_commit_seconds Commits.
                # TYPE touchpoint_commit_seconds histogram
                touchpoint_commit_seconds_bucket{le="0.0025"} 3
                touchpoint_commit_seconds_bucket{le="1"} 3
                touchpoint_commit_seconds_bucket{le="+Inf"} 5
                touchpoint_commit_seconds_sum 7.5
                touchpoint_commit_seconds_count 5

                """#
        )
    }

    @Test func labelValuesAreEscaped() {
        let metric = Metric(
            "x",
            help: "",
            kind: .gauge,
            samples: [.init(1, labels: [.init("l", "a\\b\"c\nd{}=ü")])]
        )
        #expect(MetricsRenderer.text([metric]).contains(#"x{l="a\\b\"c\nd{}=ü"} 1"#))
    }

    @Test(arguments: [
        (0.0, "0"), (-3, "-3"), (0.1, "0.1"), (9_007_199_254_740_992, "9007199254740992"),
        (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func numbersHaveTheFormatsSpelling(value: Double, expected: String) {
        #expect(MetricsRenderer.number(value) == expected)
    }

    @Test func nothingRendersAsNothing() {
        #expect(MetricsRenderer.text([]).isEmpty)
    }
}
