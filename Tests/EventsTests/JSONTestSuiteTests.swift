import Events
import TestSupport
import Testing

/// Nicolas Seriot's JSONTestSuite (https://github.com/nst/JSONTestSuite): `y_` must be accepted,
/// `n_` rejected; the verdicts for `i_`, which may be either, are listed here.
@Suite struct JSONTestSuiteTests {
    /// Reads the file as a payload.
    ///
    /// A value that is not an object, and an array's elements, are valid JSON but no events.
    private func acceptsBare(_ bytes: [UInt8]) -> Bool {
        pieces(bytes).allSatisfy { $0.rejection == nil || $0.rejection == .notAnObject }
    }

    /// Reads the file as the value of an event's member.
    private func acceptsWrapped(_ bytes: [UInt8]) -> Bool {
        let found = pieces(Array(#"{"v":"#.utf8) + bytes + Array("}".utf8))
        return found.count == 1 && found[0].isEvent
    }

    private static let builtInValid = [
        #"[[]   ]"#, #"[""]"#, "[]", #"["a"]"#, "[false]", #"[null, 1, "1", {}]"#, "[null]",
        "[1\n]",
        " [1]", "[1,null,null,null,2]", "[2] ", "[0e+1]", "[0e1]", "[ 4]", "[-0]", "[123]",
        "[1E22]",
        "[20e1]", #"{"a":"b","a":"b"}"#, #"{"":0}"#, #"{"foo\u0000bar": 42}"#,
        #"["\u0060\u012a\u12AB"]"#, #"["\uD801\udc37"]"#, #"["\"\\\/\b\f\n\r\t"]"#, #"["\u0000"]"#,
        "[\"\u{7f}\"]", "true", "42", #""asd""#, #"{"a":[]}"#,
    ]

    private static let builtInInvalid = [
        "[1 true]", "[a\u{e5}]", #"["": 1]"#, #"[""],"#, "[,1]", "[1,,2]", #"["x",,]"#, #"["x"]]"#,
        #"["x","#, "[", "[x", "[3[4]]", "[1:2]", "[,]", "[-]", "[   , \"\"]", "[1,]", "[*]", "[\"",
        "[\"a\u{0b}b\"]", "[fals]", "[nul]", "[tru]", "[++1234]", "[+1]", "[-01]", "[-1.0.]",
        "[-2.]",
        "[-NaN]", "[.-1]", "[.2e-3]", "[0.1.2]", "[0.3e+]", "[0.e1]", "[0E]", "[1 000.0]", "[1eE2]",
        "[2.e3]", "[Inf]", "[0x1]", "[012]", "[\u{ff11}]", "[1.2a-3]", #"["x", truth]"#,
        #"{[: "x"}"#, #"{"x", null}"#, #"{"x"::"b"}"#, #"{"a":"a" 123}"#, #"{key: 'value'}"#,
        #"{"a" b}"#, "{:\"b\"}", #"{"a" "b"}"#, #"{"a":"#, "{\"a\"", "{1:1}", #"{"id":0,}"#,
        "{'a':0}",
        #"{"a":"b",,"c":"d"}"#, "{a: \"b\"}", #"{"a":"a"#, #"{ "foo" : "bar", "a" }"#,
        #"{"a":"b"}#"#, " ", "[\"\\u00A\"]", #"["\x00"]"#, #"["\a"]"#, #"["\uqqqq"]"#,
        "[\"new\nline\"]", "[\"\t\"]", "<.>", "[1]x", "2@", "{}}", "\u{feff}", "[\u{0c}]",
        "{\"a\":/*b*/1}",
    ]

    /// The 35 files whose verdict the RFC leaves open.
    ///
    /// Numbers that are infinite as a double and lone surrogates are refused, because readers of
    /// the files refuse them; integers of any length are kept.
    private static let openVerdicts: [String: Bool] = [
        "i_number_double_huge_neg_exp.json": true,
        "i_number_huge_exp.json": false,
        "i_number_neg_int_huge_exp.json": false,
        "i_number_pos_double_huge_exp.json": false,
        "i_number_real_neg_overflow.json": false,
        "i_number_real_pos_overflow.json": false,
        "i_number_real_underflow.json": true,
        "i_number_too_big_neg_int.json": true,
        "i_number_too_big_pos_int.json": true,
        "i_number_very_big_negative_int.json": true,
        "i_object_key_lone_2nd_surrogate.json": false,
        "i_string_1st_surrogate_but_2nd_missing.json": false,
        "i_string_1st_valid_surrogate_2nd_invalid.json": false,
        "i_string_UTF-16LE_with_BOM.json": false,
        "i_string_UTF-8_invalid_sequence.json": false,
        "i_string_UTF8_surrogate_U+D800.json": false,
        "i_string_incomplete_surrogate_and_escape_valid.json": false,
        "i_string_incomplete_surrogate_pair.json": false,
        "i_string_incomplete_surrogates_escape_valid.json": false,
        "i_string_invalid_lonely_surrogate.json": false,
        "i_string_invalid_surrogate.json": false,
        "i_string_invalid_utf-8.json": false,
        "i_string_inverted_surrogates_U+1D11E.json": false,
        "i_string_iso_latin_1.json": false,
        "i_string_lone_second_surrogate.json": false,
        "i_string_lone_utf8_continuation_byte.json": false,
        "i_string_not_in_unicode_range.json": false,
        "i_string_overlong_sequence_2_bytes.json": false,
        "i_string_overlong_sequence_6_bytes.json": false,
        "i_string_overlong_sequence_6_bytes_null.json": false,
        "i_string_truncated-utf-8.json": false,
        "i_string_utf16BE_no_BOM.json": false,
        "i_string_utf16LE_no_BOM.json": false,
        // Deeper than limits.depth, 64.
        "i_structure_500_nested_arrays.json": false,
        "i_structure_UTF-8_BOM_empty_object.json": false,
    ]

    /// A byte order mark is skipped at a payload's start only.
    private static let acceptedBare: Set = ["i_structure_UTF-8_BOM_empty_object.json"]

    @Test func acceptsWhatMustBeAccepted() {
        for text in Self.builtInValid {
            #expect(acceptsBare(Array(text.utf8)), "bare \(text)")
            #expect(acceptsWrapped(Array(text.utf8)), "wrapped \(text)")
        }
    }

    @Test func rejectsWhatMustBeRejected() {
        for text in Self.builtInInvalid {
            #expect(!acceptsBare(Array(text.utf8)), "bare \(text)")
            #expect(!acceptsWrapped(Array(text.utf8)), "wrapped \(text)")
        }
    }

    @Test func givesTheSuitesVerdicts() throws {
        guard let files = try TestCorpus.files(in: "bad/JSONTestSuite/test_parsing") else { return }
        var counts = ["y": 0, "n": 0, "i": 0]
        for (name, bytes) in files {
            let kind = String(name.prefix(1))
            counts[kind, default: 0] += 1
            var expected = kind == "y"
            if kind == "i" {
                let verdict: Bool? = Self.openVerdicts[name]
                #expect(verdict != nil, "\(name) is new")
                expected = verdict == true
            }
            let isAccepted = expected || Self.acceptedBare.contains(name)
            #expect(acceptsBare(bytes) == isAccepted, "bare \(name)")
            #expect(acceptsWrapped(bytes) == expected, "wrapped \(name)")
        }
        #expect(counts == ["y": 95, "n": 188, "i": 35])
    }

    @Test func keepsRejectedBytesAsTheyCame() throws {
        guard let files = try TestCorpus.files(in: "bad/JSONTestSuite/test_parsing") else { return }
        for (name, bytes) in files where name.hasPrefix("n_") {
            let found = pieces(bytes)
            let kept = found.flatMap(\.text).filter { !$0.isSpaceOrSeparator }
            let sent = bytes.filter { !$0.isSpaceOrSeparator }
            #expect(kept == sent, "\(name)")
        }
    }
}

extension UInt8 {
    var isSpaceOrSeparator: Bool { " \t\r\n[],".utf8.contains(self) }
}
