import Control
import TestSupport
import Testing

@testable import Daemon

@Suite struct ControlHandlerTests {
    @Test func theDaemonHasWorkForEveryVerb() async throws {
        let rig = try LifeRig()
        #expect(rig.collector.controlHandler.missing.isEmpty)
        #expect(await rig.drain())
    }
}
