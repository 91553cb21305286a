import Foundation
import Platform
import Synchronization
import Testing

@testable import Control

/// Which users may make changes.
@Suite struct ControlPermissionTests {
    private static let permission = ControlPermission(
        daemonUID: 900,
        groupID: 500,
        isMember: { uid, gid in uid == 1001 && gid == 500 }
    )

    @Test(arguments: [
        (UInt32(0), UInt32(0), true),  // root
        (900, 77, true),  // the daemon's user
        (1000, 500, true),  // the socket's group is the peer's own
        (1001, 77, true),  // listed as a member
        (1000, 77, false),
        (1000, 0, false),  // root's group is nothing special
    ])
    func admitsRootOwnerAndGroup(uid: UInt32, gid: UInt32, isAllowed: Bool) {
        let peer = PeerCredentials(pid: 1, uid: uid, gid: gid)
        #expect(Self.permission.allowsChanges(by: peer) == isAllowed)
    }

    @Test func admitsNobodyUnknown() {
        #expect(!Self.permission.allowsChanges(by: nil))
    }

    @Test func refusesChangesReportsThemAndDoesNotCarryThemOut() async throws {
        let handler = HandlerDouble()
        let service = RequestService(
            permission: Self.permission,
            handler: handler.handler,
            onChange: { record in Self.keep(record) }
        )
        let stranger = PeerCredentials(pid: 33, uid: 1000, gid: 77)
        for verb in VerbTable.verbs {
            let answer = await service.answer(verb, [], peer: stranger)
            let code = ControlClient.refusal(in: answer.line)?.code
            #expect((code == "permission_denied") == verb.changes, "\(verb.name)")
        }
        #expect(handler.calls == ["status", "stats", "partitions"])
        let refused = Self.kept.withLock { $0 }
        #expect(refused.map(\.verb) == VerbTable.verbs.filter(\.changes).map(\.name))
        #expect(refused.allSatisfy { !$0.isPermitted && $0.uid == 1000 && $0.pid == 33 })
    }

    private static let kept = Mutex<[ChangeRecord]>([])

    private static func keep(_ record: ChangeRecord) { kept.withLock { $0.append(record) } }
}
