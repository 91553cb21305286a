import Events
import Plan
import Testing

/// What is refused, and that no value costs more than one of its size may.
@Suite struct SchemaLimitsTests {
    private func schema(_ json: String, dialect: SchemaDialect = .draft2020) throws -> Schema {
        try Schema(try SchemaText.parse(Array(json.utf8)), dialect: dialect)
    }

    private func verdict(_ value: String, _ schema: Schema) -> SchemaCheck.Verdict {
        var check = SchemaCheck()
        return Array(value.utf8).withUnsafeBytes { check.check($0, schema) }
    }

    @Test(arguments: [
        (#"{"$anchor":"a"}"#, "line 1: #: $anchor is not supported in draft 2020-12"),
        (
            "{\n\"properties\":{\n\"a\":{\"$id\":\"x\"}}}",
            "line 3: #/properties/a: $id is not supported"
        ),
        (#"{"$ref":"other.json"}"#, "$ref 'other.json' is not supported"),
        (##"{"$ref":"#/nowhere"}"##, "$ref '#/nowhere' leads nowhere"),
        (##"{"$ref":"#"}"##, "refers to itself for the same value"),
        (
            ##"{"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"not":{"$ref":"#"}}}}"##,
            "refers to itself"
        ),
        (#"{"$schema":"https://example.org/mine"}"#, "$schema"),
        (#"{"type":"text"}"#, "the types are"),
        (#"{"type":7}"#, "the types are"),
        (#"{"minLength":-1}"#, "minLength is a whole number"),
        (#"{"multipleOf":0}"#, "multipleOf is greater than 0"),
        (#"{"multipleOf":0.1234567890123456789}"#, "multipleOf has at most 18 digits"),
        (#"{"pattern":"(?!a)b"}"#, "look-around"),
        (#"{"pattern":"(a)\\1"}"#, "references to groups"),
        (#"{"pattern":"("}"#, "pattern '('"),
        (#"{"pattern":"((a{1,100}){1,100}){1,100}"}"#, "pattern '"),
        (#"{"anyOf":[]}"#, "anyOf has at least one schema"),
        (#"{"additionalItems":false}"#, "additionalItems is not supported in draft 2020-12"),
        (#"{"items":[true]}"#, "a schema is an object or a boolean, found an array"),
        (#"{"a":1,"a":2}"#, "'a' is there twice and differs"),
        (#"{"a":"#, "not valid JSON"),
    ])
    func refusedByName(_ json: String, _ message: String) {
        #expect(throws: SchemaError.self) { try schema(json) }
        do {
            _ = try schema(json)
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }

    @Test func moreThan64RequiredNamesAreRefused() throws {
        let names = (0..<64).map { "\"n\($0)\"" }
        _ = try schema(#"{"required":[\#(names.joined(separator: ","))]}"#)
        #expect(throws: SchemaError.self) {
            try schema(#"{"required":[\#((names + ["\"x\""]).joined(separator: ","))]}"#)
        }
    }

    /// Each level checks the one below twice: without a bound that is 2⁶⁰ steps.
    @Test func rulesThatMultiplyEndEarly() throws {
        let schema = try schema(
            ##"{"anyOf":[{"properties":{"a":{"$ref":"#"}},"required":["b"]},"##
                + ##"{"properties":{"a":{"$ref":"#"}},"required":["c"]}]}"##
        )
        let value =
            String(repeating: #"{"a":"#, count: 60) + "1" + String(repeating: "}", count: 60)
        guard case .invalid(_, let violations) = verdict(value, schema) else {
            Issue.record("it is not checked to its end, so it is not valid")
            return
        }
        #expect(violations.contains { $0.kind == .work })
    }

    @Test(arguments: [
        ("1", "1.0", true), ("1", "1e0", true), ("100", "1e2", true), ("0", "-0.0", true),
        ("1", "1.0000000000000000000000001", false),
        ("12345678901234567890", "12345678901234567891", false),
        ("[1,{\"a\":2,\"b\":\"x\"}]", "[1.0,{\"b\":\"\\u0078\",\"a\":2e0}]", true),
        ("{\"a\":1}", "{\"a\":true}", false), ("\"a\"", "\"\\u0061\"", true),
        ("\"\"", "null", false),
    ])
    func valuesAreEqualAsJSON(_ left: String, _ right: String, areEqual: Bool) throws {
        let schema = try schema(#"{"const":\#(left)}"#)
        #expect((verdict(right, schema) == .valid) == areEqual)
        let unique = try self.schema(#"{"uniqueItems":true}"#)
        #expect((verdict("[\(left),\(right)]", unique) == .valid) == !areEqual)
    }

    @Test(arguments: [
        (#"{"minimum":0.1}"#, "0.1", true),
        (#"{"minimum":0.1}"#, "0.09999999999999999999999", false),
        (#"{"maximum":9007199254740993}"#, "9007199254740994", false),
        (#"{"maximum":9007199254740993}"#, "9007199254740993", true),
        (#"{"exclusiveMinimum":-1}"#, "-1.0", false), (#"{"exclusiveMinimum":-1}"#, "-0.99", true),
        (#"{"multipleOf":0.01}"#, "4.35", true), (#"{"multipleOf":0.01}"#, "4.351", false),
        (#"{"multipleOf":10}"#, "1e300", true), (#"{"multipleOf":7}"#, "1e300", false),
        (#"{"multipleOf":0.0001}"#, "0.0075", true), (#"{"type":"integer"}"#, "1e-1", false),
        (#"{"type":"integer"}"#, "123456789012345678901234567890.000", true),
        (#"{"minimum":-1e400}"#, "-1", true),
    ])
    func numbersAreExact(_ json: String, _ value: String, isValid: Bool) throws {
        guard !json.contains("e400") else {
            // No reader of a double knows it, so it is no JSON here.
            #expect(throws: SchemaError.self) { try schema(json) }
            return
        }
        #expect((verdict(value, try schema(json)) == .valid) == isValid)
    }

    @Test(arguments: [
        (#"^\\d{3}$"#, "123", true), (#"^\\d$"#, "१", false), (#"^\\s$"#, "\u{FEFF}", true),
        (#"^\\S$"#, "\u{A0}", false), ("^.$", "\u{2028}", false), ("^.$", "🐲", true),
        (#"^\\cC$"#, "\\u0003", true), (#"^\\u0061$"#, "a", true),
        (#"^\\ud83d\\udc32$"#, "🐲", true),
        (#"^\\p{Letter}+$"#, "π", true), (#"^\\p{Script=Greek}$"#, "π", true),
        ("^[^]$", "\\n", true),
        ("^[]$", "", false), ("^[a-z-9]$", "-", true), ("^[[a]$", "[", true),
        ("^[[:alpha:]]$", "x", false),
        ("^a$", "a\\n", false), (#"^\\w-[\\w-.]+$"#, "a--.", true),
        (#"(?<year>\\d{4})"#, "in 2026", true),
        (#"^\\/a\\-b$"#, "/a-b", true), (#"^[\\d.]+$"#, "1.2", true),
        (#"^[\\s]$"#, "\u{3000}", true),
    ])
    func patternsMeanWhatTheyMeanInECMA(_ pattern: String, _ text: String, matches: Bool) throws {
        let schema = try schema(#"{"pattern":"\#(pattern)"}"#)
        #expect((verdict("\"\(text)\"", schema) == .valid) == matches)
    }
}
