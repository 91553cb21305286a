import Testing

@testable import Configuration

@Suite struct EnvironmentSubstitutionTests {
    private let substitution = EnvironmentSubstitution(
        environment: ["NAME": "c7", "EMPTY": "", "_X1": "${NAME}"])

    @Test(arguments: [
        ("plain", "plain"), ("${NAME}", "c7"), ("a-${NAME}-b", "a-c7-b"),
        ("${NAME}${NAME}", "c7c7"),
        ("${MISSING:-d}", "d"), ("${MISSING:-}", ""), ("${NAME:-d}", "c7"), ("${EMPTY:-d}", "d"),
        ("${EMPTY}", ""), ("${MISSING:-a:-b}", "a:-b"), ("$${NAME}", "${NAME}"), ("$", "$"),
        ("$NAME", "$NAME"), ("$$", "$$"), ("5$ {x}", "5$ {x}"), ("${_X1}", "${NAME}"),
        ("$$${NAME}", "$${NAME}"),
    ])
    func replaces(text: String, expected: String) throws {
        #expect(try substitution.apply(to: text) == expected)
    }

    /// A file of a mebibyte could otherwise ask for gigabytes.
    @Test func variablesAddNoMoreThanAFileMayHave() throws {
        let environment = ["LONG": String(repeating: "x", count: 100_000)]
        let substitution = EnvironmentSubstitution(environment: environment)
        for _ in 0..<10 { #expect(try substitution.apply(to: "${LONG}").count == 100_000) }
        let problem = #expect(throws: Complaint.self) { try substitution.apply(to: "${LONG}") }
        #expect(
            problem?.reasons.map(\.text) == [
                "with environment variable 'LONG', values of variables have more than 1MiB in all"
            ]
        )
        // What the file itself says counts as the file.
        #expect(try substitution.apply(to: "${MISSING:-d}") == "d")
    }

    @Test(arguments: [
        (
            "node: ${MISSING}",
            "x.yaml:1: node: environment variable 'MISSING' is not set; set it, or write"
                + " ${MISSING:-default}"
        ),
        (
            "node: \"${NAME\"",
            "x.yaml:1: node: '${NAME' has no closing '}' (write $${ for a literal ${)"
        ),
        (
            "node: \"${1x}\"",
            "x.yaml:1: node: '${1x}' is no reference to a variable, expected ${NAME} or"
                + " ${NAME:-default} (write $${ for a literal ${)"
        ),
    ])
    func namesWhatCannotBeReplaced(yaml: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try SettingsReader.read(yaml: yaml, file: "x.yaml", environment: ["NAME": "c7"])
        }
        #expect(error?.description == message)
    }

    @Test func replacesInEveryKindOfValue() throws {
        let yaml = """
            node: ${NODE}
            limits: { depth: "${DEPTH}" }
            log: { level: "${LEVEL:-debug}" }
            sources: [{ name: a, pattern: pull, bind: ["tcp://127.0.0.1:${PORT}"] }]
            """
        let settings = try SettingsReader.read(
            yaml: yaml,
            file: "x.yaml",
            environment: ["NODE": "n1", "DEPTH": "9", "PORT": "6000"]
        )
        #expect(settings.node == "n1")
        #expect(settings.limits.depthMax == 9)
        #expect(settings.log.level == .debug)
        #expect(settings.sources[0].bind == ["tcp://127.0.0.1:6000"])
    }

    @Test func replacedTextIsCheckedLikeWrittenText() {
        let error = #expect(throws: ConfigurationError.self) {
            try SettingsReader.read(
                yaml: "limits: { depth: \"${D}\" }",
                file: "x.yaml",
                environment: ["D": "deep"]
            )
        }
        #expect(
            error?.description
                == "x.yaml:1: limits.depth: expected a whole number such as 64, found 'deep'"
        )
    }
}
