import Testing

@testable import Webhooks

@Suite struct FormFieldsTests {
    @Test(arguments: Vectors.all.forms) func readsWhatPythonReads(form: Vectors.Form) throws {
        let fields = try FormFields(Array(form.text.utf8))
        let pairs = (0..<fields.count).map {
            [JSONString.repaired(fields.name($0)), JSONString.repaired(fields.value($0))]
        }
        #expect(pairs == form.pairs)
    }

    @Test func findsValuesByTheirDecodedName() throws {
        let fields = try FormFields(Array("a=1&%61=2&b=%FF".utf8))
        #expect(fields.values("a") == [[49], [50]])
        #expect(fields.only("a") == nil)
        #expect(fields.only("b") == [255])
        #expect(fields.only("c") == nil)
    }

    @Test func hasABoundOfFields() throws {
        let text = Array(repeating: "a", count: 1_000).joined(separator: "&")
        #expect(try FormFields(Array(text.utf8)).count == 1_000)
        #expect(throws: FormFault.tooManyFields(max: 1_000)) {
            try FormFields(Array("\(text)&a".utf8))
        }
        #expect(throws: FormFault.tooManyFields(max: 1)) {
            try FormFields(Array("a&b".utf8), countMax: 1)
        }
        #expect(try FormFields(Array(repeating: UInt8(ascii: "&"), count: 5_000)).count == 0)
    }
}
