import Glibc
import TestSupport
import Testing

@testable import Daemon

@Suite struct LifeDataFolderLockTests {
    @Test func theSecondIsRefusedAndToldWhoHoldsTheFolder() throws {
        let folder = try TemporaryFolder()
        let first = try DataFolderLock(directory: folder.path)
        try withExtendedLifetime(first) {
            let failure = #expect(throws: DaemonFailure.self) {
                try DataFolderLock(directory: folder.path)
            }
            let text = try #require(failure).description
            #expect(failure?.exitCode == 73)
            #expect(text.contains(folder.path))
            #expect(text.contains("(process \(getpid()))"))
        }
    }

    @Test func theFolderIsFreeAgainAfterwards() throws {
        let folder = try TemporaryFolder()
        for _ in 0..<3 { _ = try DataFolderLock(directory: folder.path) }
    }

    @Test func aFolderThatIsNotThereIsNamed() {
        let failure = #expect(throws: DaemonFailure.self) {
            try DataFolderLock(directory: "/nonexistent-folder")
        }
        #expect(failure?.exitCode == 73)
        #expect(failure?.description.contains("/nonexistent-folder/.lock") == true)
    }

    @Test func aLinkInPlaceOfTheLockIsNotFollowed() throws {
        let folder = try TemporaryFolder()
        #expect(symlink("/dev/null", "\(folder.path)/.lock") == 0)
        #expect(throws: DaemonFailure.self) { try DataFolderLock(directory: folder.path) }
    }
}
