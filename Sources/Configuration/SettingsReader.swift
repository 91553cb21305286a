import YAML
import Yams

/// Reads settings from YAML, and reports all problems at once.
///
/// For the start of the daemon, `--check`, and `reload`; any thread may call, it has no state.
package enum SettingsReader {
    /// Reads `yaml`.
    ///
    /// `file` is only for messages; `environment` serves `${NAME}` and `${NAME:-default}`. Text
    /// without any key returns the defaults of a configuration file.
    package static func read(
        yaml: String,
        file: String,
        environment: [String: String]
    ) throws(ConfigurationError) -> Settings {
        var reading = SettingsReading(
            file: file,
            substitution: EnvironmentSubstitution(environment: environment)
        )
        if let root = try compose(yaml, file: file), !root.isNothing {
            reading.readTop(root)
        }
        reading.checkTogether()
        return try reading.result()
    }

    /// Returns the document's root, nil if there is none.
    private static func compose(
        _ yaml: String,
        file: String
    ) throws(ConfigurationError) -> Node? {
        do throws(YAMLFailure) {
            return try YAMLText.compose(yaml)
        } catch {
            throw ConfigurationError(
                file: file,
                line: error.line,
                column: error.column,
                message: error.message
            )
        }
    }
}
