import Foundation
import Glibc
import Testing
import Wire

@testable import Keys

@Suite(.serialized) struct CertificateFileTests {
    @Test(arguments: [0o022, 0o077, 0o000] as [mode_t])
    func createsTwoFilesWhateverTheUmask(mask: mode_t) throws {
        let folder = try KeyFolder()
        let old = umask(mask)
        defer { umask(old) }
        let created = try CertificateFile.create("web", in: folder.path)
        #expect(created.publicPath == folder.path(of: "web.key"))
        #expect(created.secretPath == folder.path(of: "web.key_secret"))
        #expect(try folder.mode(of: "web.key") == 0o644)
        #expect(try folder.mode(of: "web.key_secret") == 0o600)
        #expect(try CertificateFile.loadPublic(created.publicPath) == created.key)
        #expect(try CertificateFile.loadSecret(created.secretPath).publicKey == created.key)
        #expect(try ServerKey.load(path: created.secretPath).publicKey == created.key)
    }

    @Test(arguments: ["web.key", "web.key_secret"])
    func replacesNothing(existing: String) throws {
        let folder = try KeyFolder()
        try folder.write(existing, "mine")
        let message = complaint { _ = try CertificateFile.create("web", in: folder.path) }
        #expect(message.contains("\(existing) exists and is not replaced"))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files == [existing])
        let text = try String(contentsOfFile: folder.path(of: existing), encoding: .utf8)
        #expect(text == "mine")
    }

    @Test func followsNoLinkWhenItCreates() throws {
        let folder = try KeyFolder()
        try #require(symlink("elsewhere", folder.path(of: "web.key_secret")) == 0)
        let message = complaint { _ = try CertificateFile.create("web", in: folder.path) }
        #expect(message.contains("exists and is not replaced"))
        #expect(!FileManager.default.fileExists(atPath: folder.path(of: "elsewhere")))
    }

    @Test func namesTheFolderThatIsMissing() {
        let message = complaint { _ = try CertificateFile.create("web", in: "/nowhere/keys") }
        #expect(message == "/nowhere/keys cannot be opened: No such file or directory")
    }

    @Test(arguments: [
        "", ".web", "-web", "a/b", "a b", "a\"b", "..", "ü", String(repeating: "x", count: 129),
    ])
    func refusesNamesThatMakeNoFile(name: String) {
        #expect(!CertificateFile.isName(name))
    }

    @Test(arguments: ["a", "web-1", "Shop_2.eu", String(repeating: "x", count: 128)])
    func takesNamesOfFiles(name: String) {
        #expect(CertificateFile.isName(name))
    }

    @Test(arguments: [0o604, 0o640, 0o660, 0o644] as [mode_t])
    func refusesSecretThatOthersCanOpen(mode: mode_t) throws {
        let folder = try KeyFolder()
        try folder.writeSecret("s.key_secret", mode: mode)
        let path = folder.path(of: "s.key_secret")
        for message in [
            complaint { _ = try CertificateFile.loadSecret(path) },
            complaint { _ = try ServerKey.load(path: path) },
        ] {
            #expect(message.hasPrefix(path) && message.contains("chmod "), "\(message)")
        }
    }

    @Test func serverKeyHasModeForReadingOnly() throws {
        let folder = try KeyFolder()
        let keys = try folder.writeSecret("s.key_secret", mode: 0o700)
        let path = folder.path(of: "s.key_secret")
        #expect(complaint { _ = try ServerKey.load(path: path) }.contains("not 0600 or 0400"))
        try #require(chmod(path, 0o400) == 0)
        #expect(try ServerKey.load(path: path).publicKey == keys.publicKey)
    }

    @Test func eachKindOfKeyIsForItsPurpose() throws {
        let folder = try KeyFolder()
        let created = try CertificateFile.create("a", in: folder.path)
        for message in [
            complaint { _ = try CertificateFile.loadSecret(created.publicPath) },
            complaint { _ = try ServerKey.load(path: created.publicPath) },
        ] {
            #expect(message.contains("has no secret key") && message.contains("_secret"))
        }
        let message = complaint { _ = try CertificateFile.loadPublic(created.secretPath) }
        #expect(message.contains("has a secret key, which belongs on its owner"))
    }

    @Test func refusesWhatIsNoFile() throws {
        let folder = try KeyFolder()
        try folder.writePublic("a.key")
        try #require(symlink("a.key", folder.path(of: "link")) == 0)
        try #require(mkfifo(folder.path(of: "pipe"), 0o600) == 0)
        for (file, expected) in [
            ("link", "is a link"), ("pipe", "is no regular file"), (".", "is no regular file"),
            ("none", "cannot be opened: No such file"),
        ] {
            let message = complaint { _ = try CertificateFile.loadPublic(folder.path(of: file)) }
            #expect(message.contains(expected), "\(message)")
        }
    }

    @Test func refusesLongFiles() throws {
        let folder = try KeyFolder()
        let text = "curve\n    public-key = \"\(CurveKeyPair().publicKey)\"\n"
        let path = folder.path(of: "a.key")
        try folder.write("a.key", text + String(repeating: "#", count: 4_096 - text.utf8.count))
        _ = try CertificateFile.loadPublic(path)
        try folder.write("a.key", text + String(repeating: "#", count: 4_097 - text.utf8.count))
        #expect(complaint { _ = try CertificateFile.loadPublic(path) }.contains("4096 bytes"))
    }
}
