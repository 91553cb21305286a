import Foundation
import Glibc
import Testing
import Wire

@testable import Keys

@Suite struct CurveKeyTableTests {
    @Test func namesProducersByMetadataOrFile() throws {
        let folder = try KeyFolder()
        let shop = try folder.writePublic("a.key", name: "web shop")
        let store = try folder.writePublic("store-1.eu.key")
        let bare = try folder.writePublic("bare")
        try folder.write(".a.key.swp", "an editor's")
        let table = try CurveKeyTable.load(folder: folder.path + "/")
        #expect(table.count == 3 && Set(table.keys) == [shop, store, bare])
        #expect(table.name(of: shop) == "web shop")
        #expect(table.name(of: store) == "store-1.eu")
        #expect(table.name(of: bare) == "bare")
        #expect(table.name(of: CurveKeyPair().publicKey) == nil)
        #expect(try table == CurveKeyTable.load(folder: folder.path))
    }

    /// Loads the folder, and returns the error.
    private static func refusal(of folder: KeyFolder) -> String {
        complaint { _ = try CurveKeyTable.load(folder: folder.path) }
    }

    @Test func refusesEmptyFolder() throws {
        let folder = try KeyFolder()
        try folder.write(".hidden", "")
        #expect(Self.refusal(of: folder).contains("has no certificate, so nobody could connect"))
    }

    @Test func refusesFolderThatIsMissingOrNone() throws {
        let folder = try KeyFolder()
        try folder.writePublic("a.key")
        for name in ["none", "a.key"] {
            let path = folder.path(of: name)
            let message = complaint { _ = try CurveKeyTable.load(folder: path) }
            #expect(message.hasPrefix("\(path) cannot be opened as a folder"), "\(message)")
        }
    }

    @Test func refusesLinksToFoldersAndFiles() throws {
        let folder = try KeyFolder()
        try folder.writePublic("a.key")
        let other = try KeyFolder()
        let link = other.path(of: "keys")
        try #require(symlink(folder.path, link) == 0)
        let message = complaint { _ = try CurveKeyTable.load(folder: link) }
        #expect(message == "\(link) is a link: name the folder itself")
        try #require(symlink("a.key", folder.path(of: "b.key")) == 0)
        #expect(Self.refusal(of: folder).contains("b.key is a link"))
    }

    @Test func refusesTheSameKeyTwice() throws {
        let folder = try KeyFolder()
        let key = try folder.writePublic("a.key")
        try folder.writePublic("b.key", key: key)
        let message = Self.refusal(of: folder)
        #expect(message.contains("b.key has the same key as ") && message.contains("a.key"))
    }

    @Test func refusesTheSameNameTwice() throws {
        let folder = try KeyFolder()
        try folder.writePublic("a.key", name: "b")
        try folder.writePublic("b.key")
        #expect(Self.refusal(of: folder).contains("b.key has the name 'b', as "))
    }

    @Test(arguments: [0o664, 0o646, 0o666] as [mode_t])
    func refusesFilesThatOthersCanChange(mode: mode_t) throws {
        let folder = try KeyFolder()
        try folder.writePublic("a.key", mode: mode)
        let message = Self.refusal(of: folder)
        #expect(message.contains("so others can change it: run 'chmod go-w "), "\(message)")
    }

    @Test(arguments: [0o775, 0o757, 0o1777] as [mode_t])
    func refusesFolderThatOthersCanChange(mode: mode_t) throws {
        let folder = try KeyFolder()
        try folder.writePublic("a.key")
        try #require(chmod(folder.path, mode) == 0)
        let message = Self.refusal(of: folder)
        #expect(message.hasPrefix("\(folder.path) has mode "), "\(message)")
    }

    @Test func refusesWhatAnotherUserOwns() throws {
        let folder = try KeyFolder()
        try folder.writePublic("a.key")
        let path = folder.path(of: "a.key")
        var status = stat()
        try #require(stat(path, &status) == 0)
        // Only root can hand a file over, so the rule itself is asked.
        status.st_uid = geteuid() &+ 12_345
        #expect(
            complaint { try CertificateFile.requireOwnOnly(path, status) }
                .contains("belongs to uid \(status.st_uid)")
        )
        status.st_uid = 0
        try CertificateFile.requireOwnOnly(path, status)
    }

    @Test func refusesSecretKeys() throws {
        let folder = try KeyFolder()
        try folder.writeSecret("a.key_secret", mode: 0o600)
        #expect(Self.refusal(of: folder).contains("has a secret key, which belongs on its owner"))
    }

    @Test func refusesFoldersInside() throws {
        let folder = try KeyFolder()
        try folder.writePublic("a.key")
        try #require(mkdir(folder.path(of: "old"), 0o755) == 0)
        #expect(Self.refusal(of: folder).contains("old is no regular file"))
    }

    @Test func refusesNamesOfFilesThatControlTerminals() throws {
        let folder = try KeyFolder()
        try folder.writePublic("a\u{1b}[2J.key")
        #expect(Self.refusal(of: folder).contains("control characters"))
        let second = try KeyFolder()
        try second.writePublic(String(repeating: "n", count: 129) + ".key")
        #expect(Self.refusal(of: second).contains("more than 128 bytes"))
    }

    @Test func refusesMoreFilesThanItsBound() throws {
        let folder = try KeyFolder()
        for number in 0..<4 { try folder.writePublic("\(number).key") }
        let message = complaint {
            _ = try CurveKeyTable.load(folder: folder.path, countMax: 3)
        }
        #expect(message.contains("has more than 3 files"))
        #expect(try CurveKeyTable.load(folder: folder.path, countMax: 4).count == 4)
    }

    @Test func oneBadFileRefusesTheTable() throws {
        let folder = try KeyFolder()
        try folder.writePublic("a.key")
        try folder.write("readme.txt", "These are the keys.")
        let message = Self.refusal(of: folder)
        #expect(message.contains("readme.txt is no certificate: line 1 "), "\(message)")
    }
}
