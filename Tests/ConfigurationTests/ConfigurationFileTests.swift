import Foundation
import TestSupport
import Testing

@testable import Configuration

@Suite struct ConfigurationFileTests {
    private func message(for path: String) -> String? {
        do throws(ConfigurationError) {
            _ = try SettingsReader.load(path: path, environment: [:])
            return nil
        } catch {
            return error.description
        }
    }

    @Test func referenceFileHoldsTheDefaults() throws {
        let settings = try SettingsReader.load(path: Repository.reference, environment: [:])
        #expect(settings == Settings())
    }

    @Test func referenceFileParsesWithEverySettingSwitchedOn() throws {
        let text = try Repository.text(Repository.reference)
        let settings = try SettingsReader.read(
            yaml: switchedOn(text),
            file: "reference",
            environment: [:]
        )
        #expect(settings.node == "c1")
    }

    @Test func referenceFileNamesEveryKeyOnceAndNoOther() throws {
        let text = try Repository.text(Repository.reference)
        var named = keys(in: switchedOn(text))
        // The second source repeats what the first one explains.
        for repeated in ["name", "pattern", "bind"] {
            let last = try #require(named.lastIndex(of: "sources[].\(repeated)"))
            named.remove(at: last)
        }
        #expect(named.sorted() == Settings.keys.sorted())
    }

    @Test func developmentFileParses() throws {
        let path = Repository.path("config/development.yaml")
        let settings = try SettingsReader.load(path: path, environment: [:])
        #expect(settings.node == "development")
        #expect(settings.storage.directory == "./touchpoint-data")
        #expect(settings.log.level == .debug)
    }

    @Test func missingFileIsNamed() {
        #expect(
            message(for: "/nowhere/x.yaml")
                == "/nowhere/x.yaml: cannot read configuration: No such file or directory"
        )
    }

    @Test func folderIsNoFile() {
        #expect(
            message(for: "/tmp")
                == "/tmp: cannot read configuration: it is a folder, expected a YAML file"
        )
    }

    @Test func endlessFileIsRefused() {
        #expect(
            message(for: "/dev/zero")
                == "/dev/zero: cannot read configuration: it is larger than 1MiB"
        )
    }

    @Test func otherEncodingsAreRefused() throws {
        try TemporaryFolder.with { folder in
            let path = "\(folder)/latin1.yaml"
            try Data([0x6E, 0x6F, 0x64, 0x65, 0x3A, 0x20, 0xFC]).write(
                to: URL(fileURLWithPath: path)
            )
            #expect(
                message(for: path) == "\(path): cannot read configuration: it is not UTF-8 text"
            )
        }
    }

    /// Settings that are commented out, `#key: value`, as settings.
    private func switchedOn(_ text: String) -> String {
        text.replacing(/(?m)^(\s*)#([A-Za-z]+:)/) { "\($0.output.1)\($0.output.2)" }
    }

    /// Dotted keys of a block-style file, by their indentation.
    private func keys(in text: String) -> [String] {
        var keys: [String] = []
        var section = ""
        var inner = ""
        for line in text.split(separator: "\n") {
            guard let match = line.firstMatch(of: /^( *)(?:- )?([A-Za-z]+):(.*)$/) else { continue }
            let (_, indent, name, value) = match.output
            if section == "sources", !indent.isEmpty {
                if indent.count == 4, value.allSatisfy(\.isWhitespace) {
                    inner = "\(name)."
                } else {
                    keys.append("sources[].\(indent.count > 4 ? inner : "")\(name)")
                }
            } else if indent.count == 2, value.allSatisfy(\.isWhitespace) {
                inner = "\(name)."
            } else if !indent.isEmpty {
                keys.append("\(section).\(indent.count > 2 ? inner : "")\(name)")
            } else if value.allSatisfy(\.isWhitespace) {
                section = String(name)
            } else {
                keys.append(String(name))
            }
        }
        return keys
    }
}
