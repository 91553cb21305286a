import Testing

@Suite struct ImportRuleTests {
    private func messages(_ target: String, _ text: String) -> [String] {
        ImportRule.findings(in: SourceFile("Sources/\(target)/File.swift", text))
            .map { "\($0.line): \($0.message)" }
    }

    @Test(arguments: [
        ("Ring", "package import CZeroMQ", "only ZeroMQ imports CZeroMQ"),
        ("Segments", "import CZlib", "only Compression imports CZlib"),
        ("Pipeline", "import CISAL", "only Compression imports CISAL"),
        ("Segments", "import CSimdJSON", "only Events imports CSimdJSON"),
        ("Events", "internal import Foundation", "no Foundation in Events"),
        ("Intake", "import FoundationEssentials", "no FoundationEssentials in Intake"),
        ("Terminal", "import Foundation", "no Foundation in Terminal: FoundationEssentials"),
        ("Control", "import FoundationNetworking", "no FoundationNetworking in Control"),
        ("Control", "import Pipeline", "Control (floor 5) must not know Pipeline (floor 5)"),
        ("Control", "import Segments", "Control must not import Segments"),
        ("Segments", "import struct ZeroMQ.Message", "Segments must not import ZeroMQ"),
        ("Ring", "@testable import Daemon", "Ring (floor 1) must not know Daemon (floor 6)"),
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

    @Test func acceptsWhatStandsBelow() {
        let text =
            "import CPlatform\nimport Glibc\npublic import Synchronization\n// import Daemon\n"
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
