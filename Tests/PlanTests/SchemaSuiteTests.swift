import Plan
import TestSupport
import Testing

/// The official tests of JSON Schema (https://github.com/json-schema-org/JSON-Schema-Test-Suite), where
/// they are: every required one is answered right, or its schema is refused by name.
@Suite struct SchemaSuiteTests {
    /// What became of a file's tests.
    private struct Count {
        var right = 0
        var refused: [String: Int] = [:]
        var wrong: [String] = []

        var refusedTotal: Int { refused.values.reduce(0, +) }
    }

    private func run(
        _ folder: String,
        _ dialect: SchemaDialect,
        formats: Bool = false,
        only names: [String]? = nil
    ) throws -> Count? {
        guard let files = try TestCorpus.files(in: "schema/JSON-Schema-Test-Suite/tests/\(folder)")
        else {
            return nil
        }
        var count = Count()
        for file in files where file.name.hasSuffix(".json") {
            if let names, !names.contains(String(file.name.dropLast(5))) { continue }
            for group in try SchemaText.parse(file.bytes).elements {
                try check(group, in: file.name, dialect: dialect, formats: formats, &count)
            }
        }
        return count
    }

    private func check(
        _ group: SchemaValue,
        in file: String,
        dialect: SchemaDialect,
        formats: Bool,
        _ count: inout Count
    ) throws {
        let document = try #require(group["schema"])
        let tests = try #require(group["tests"]).elements
        let schema: Schema
        do throws(SchemaError) {
            schema = try Schema(document, dialect: dialect, checksFormats: formats)
        } catch {
            count.refused[error.message, default: 0] += tests.count
            return
        }
        var check = SchemaCheck()
        for test in tests {
            let data = try #require(test["data"])
            let verdict = Array(data.json.utf8).withUnsafeBytes { check.check($0, schema) }
            let expected = try #require(test["valid"]).json == "true"
            let isRight =
                if case .unreadable = verdict { false } else { (verdict == .valid) == expected }
            if isRight {
                count.right += 1
            } else {
                let names = [group["description"], test["description"]].compactMap { $0?.string }
                count.wrong.append("\(file): \(names.joined(separator: ": ")): \(verdict)")
            }
        }
    }

    private func report(_ name: String, _ count: Count) {
        print(
            "\(name): \(count.right) right, \(count.refusedTotal) refused, \(count.wrong.count) wrong"
        )
        for (reason, tests) in count.refused.sorted(by: { $0.key < $1.key }) {
            print("  refused \(tests): \(reason)")
        }
        for wrong in count.wrong { print("  WRONG \(wrong)") }
    }

    @Test func everyRequiredTestOfDraft7IsRightOrRefused() throws {
        guard let count = try run("draft7", .draft7) else { return }
        report("draft-07", count)
        #expect(count.wrong.isEmpty)
        #expect(count.right >= 856)
    }

    @Test func everyRequiredTestOfDraft2020IsRightOrRefused() throws {
        guard let count = try run("draft2020-12", .draft2020) else { return }
        report("2020-12", count)
        #expect(count.wrong.isEmpty)
        #expect(count.right >= 960)
    }

    /// Formats, which are rules only if asked for; the content of labels in Punycode is not checked.
    @Test(arguments: ["draft7", "draft2020-12"])
    func checkedFormatsAreRight(_ folder: String) throws {
        let dialect: SchemaDialect = folder == "draft7" ? .draft7 : .draft2020
        let checked = [
            "date-time", "date", "time", "uuid", "uri", "email", "ipv4", "ipv6", "hostname",
        ]
        let path = "\(folder)/optional/format"
        guard let count = try run(path, dialect, formats: true, only: checked) else { return }
        report("\(folder) formats", count)
        #expect(count.wrong.allSatisfy { $0.contains("A-label (punycode)") })
        #expect(count.wrong.count <= 23)
        #expect(count.right >= 300)
    }
}

extension SchemaValue {
    var elements: [SchemaValue] {
        guard case .array(let elements) = content else { return [] }
        return elements
    }
}
