import Events
import Filing
import FilingSupport
import Plan
import Storage
import TestSupport
import Testing

/// Events in folders by values that they have at paths.
@Suite struct PathPartitionTests {
    /// A bench whose folders are the values at some paths.
    private func bench(_ paths: [String], template: String? = nil) throws -> FilingBench {
        let folders = template ?? paths.map { "{\($0)}" }.joined(separator: "/")
        let bench = try FilingBench(template: folders)
        var demand = SourceDemand()
        for path in paths { demand.keys.append(try EventPath(path)) }
        bench.rig.setWants(try EventWants(plan: nil, demands: [demand, demand]))
        return bench
    }

    private static let missing = "__HIVE_DEFAULT_PARTITION__"

    @Test(arguments: [
        (#"{"a":{"b":"x"}}"#, "x"), (#"{"a":{"b":1.50}}"#, "1.50"), (#"{"a":{"b":true}}"#, "true"),
        (#"{"a":{"b":"l\u0065t/ter \"q\""}}"#, "let%2Fter %22q%22"),
        (#"{"\u0061":{"b":"k"}}"#, "k"),
        (#"{"a":{"b":null}}"#, missing), (#"{"a":{"b":{}}}"#, missing),
        (#"{"a":{"b":["x"]}}"#, missing),
        (#"{"a":"b"}"#, missing), (#"{}"#, missing), (#"{"a":{"b":""}}"#, missing),
        // The first with a text counts, as for all fields.
        (#"{"a":{"b":"1","b":"2"}}"#, "1"), (#"{"a":{"b":null,"b":"2"}}"#, "2"),
        (#"{"a":1,"a":{"b":"2"}}"#, "2"), (#"{"a":{"b":"\u0000"}}"#, "%00"),
        (#"{"a":{"b":".."}}"#, "%2E."),
    ])
    func theValueIsTheFolder(event: String, folder: String) throws {
        let bench = try bench(["a.b"])
        try bench.put(event)
        _ = try bench.lines()
        #expect(try bench.folders() == [folder])
    }

    /// However events are sent, each goes by its own values.
    @Test(arguments: 0..<4)
    func everyFormIsDistributed(form: Int) throws {
        let bench = try bench(["p.c", "n"])
        let events = (0..<40).map { #"{"n":\#($0 % 3),"p":{"c":"c\#($0 % 2)"}}"# }
        switch form {
        case 0: try bench.putTogether(events)
        case 1: try bench.put("[" + events.joined(separator: ",") + "]")
        case 2: try bench.put(events.joined(separator: "\n"))
        default: try bench.put(#"[{"a":},"# + events.joined(separator: ",") + "]")
        }
        #expect(try bench.lines().count == 40)
        let folders = try bench.folders()
        #expect(folders == ["c0/0", "c0/1", "c0/2", "c1/0", "c1/1", "c1/2"])
    }

    /// A batch hands its context down, so its values count.
    @Test func theContextOfABatchCounts() throws {
        let bench = try bench(["context.campaign.name"])
        try bench.put(
            #"{"context":{"campaign":{"name":"spr\u0069ng"}},"batch":[{"a":1},{"context":{"campaign":{"name":"own"}}},{}]}"#
        )
        #expect(try bench.lines().count == 3)
        #expect(try bench.folders() == ["own", "spring"])
    }

    @Test func aPlanAndPathsShareTheWalk() throws {
        let bench = try FilingBench(template: "{properties.country}")
        var definition = PlanDefinition()
        definition.version = 3
        var demand = SourceDemand()
        demand.keys = [try EventPath("properties.country")]
        let plan = PlanInForce(try CompiledPlan(definition), isEnforced: false)
        bench.rig.setWants(try EventWants(plan: plan, demands: [demand, demand]))
        try bench.put(#"{"event":"e","properties":{"country":"at"}}"#)
        let lines = try bench.lines()
        #expect(lines[0].contains(#""plan":3,"violations":["unplanned_event"]"#))
        #expect(try bench.folders() == ["at"])
    }

    /// Paths up to the depth of events, and much deeper.
    @Test func deepPathsAreFollowed() throws {
        let path = Array(repeating: "a", count: 16).joined(separator: ".")
        let bench = try bench([path])
        let open = String(repeating: #"{"a":"#, count: 16)
        try bench.put(open + #""deep""# + String(repeating: "}", count: 16))
        try bench.put(open + #"{"a":"deeper"}"# + String(repeating: "}", count: 16))
        _ = try bench.lines()
        #expect(try bench.folders() == [Self.missing, "deep"])
    }
}
