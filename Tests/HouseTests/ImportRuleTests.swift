import Testing

@Suite struct ImportRuleTests {
    private func messages(_ target: String, _ text: String) -> [String] {
        ImportRule.findings(in: SourceFile("Sources/\(target)/File.swift", text))
            .map { "\($0.line): \($0.message)" }
    }

    @Test(arguments: [
        ("Ring", "package import CZeroMQ", "only ZeroMQ may import CZeroMQ"),
        ("Storage", "import CZlib", "only Compression may import CZlib"),
        ("Pipeline", "import CISAL", "only Compression may import CISAL"),
        ("Archive", "import CSimdJSON", "only Events may import CSimdJSON"),
        ("Ring", "public import CPlatform", "only Platform may import CPlatform"),
        ("Events", "internal import Foundation", "no Foundation in Events"),
        ("Intake", "import FoundationEssentials", "no FoundationEssentials in Intake"),
        ("Terminal", "import Foundation", "no Foundation in Terminal: FoundationEssentials"),
        ("Control", "import FoundationNetworking", "no FoundationNetworking in Control"),
        ("Control", "import Pipeline", "Control (floor 6) must not know Pipeline (floor 6)"),
        ("Control", "import Storage", "Control must not import Storage"),
        ("Storage", "import struct ZeroMQ.Message", "Storage must not import ZeroMQ"),
        ("Ring", "@testable import Daemon", "Ring (floor 2) must not know Daemon (floor 7)"),
        ("Intake", "import ZeroMQ", "Intake must not import ZeroMQ"),
        ("Pipeline", "import ZeroMQ", "Pipeline must not import ZeroMQ"),
        ("Pipeline", "import ZeroMQSource", "Pipeline must not import ZeroMQSource"),
        ("Ring", "import Logging", "Ring must not import Logging"),
        ("Basement", "let a = 1", "target 'Basement' has no floor"),
    ])
    func refusesWhatIsNotGranted(target: String, text: String, says: String) {
        let found = messages(target, text)
        #expect(found.count == 1 && found[0].hasPrefix("1: \(says)"), "\(found)")
    }

    @Test(arguments: ["Tests/RingTests", "Tests/TestSupport", "Benchmarks/stages"])
    func refusesCModulesOutsideSources(folder: String) {
        func count(_ text: String) -> Int {
            ImportRule.findings(in: SourceFile("\(folder)/File.swift", text)).count
        }
        #expect(count("import Platform\nimport CSPSCRing") == 0)
        #expect(count("import CPlatform\n@testable import CZlib") == 2)
    }

    @Test func acceptsWhatStandsBelow() {
        let text =
            "import Platform\nimport Glibc\npublic import Synchronization\n// import Daemon\n"
        #expect(messages("Ring", text).isEmpty)
    }

    @Test func acceptsEssentialsAndAllOfFoundationWhereALibraryBringsIt() {
        #expect(messages("Control", "package import FoundationEssentials").isEmpty)
        #expect(messages("Daemon", "import Foundation").isEmpty)
    }

    @Test func planPointsDownwards() {
        #expect(ImportRule.findings(inPlan: HouseFloors.rooms).isEmpty)
        let wrong = [
            "A": HouseFloors.Room(floor: 1, imports: ["B"]), "B": .init(floor: 1, imports: []),
        ]
        #expect(ImportRule.findings(inPlan: wrong).count == 1)
    }
}
