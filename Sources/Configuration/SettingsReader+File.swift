import Glibc
import Platform

extension SettingsReader {
    /// The size limit of a configuration file.
    static let fileBytesMax = 1 << 20

    /// Reads the configuration file at `path`; pipes (`<(…)`, `/dev/stdin`) work too.
    package static func load(
        path: String,
        environment: [String: String]
    ) throws(ConfigurationError) -> Settings {
        let bytes = try contents(of: path)
        guard let yaml = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(
                file: path,
                message: "cannot read configuration: it is not UTF-8 text"
            )
        }
        return try read(yaml: yaml, file: path, environment: environment)
    }

    private static func contents(of path: String) throws(ConfigurationError) -> [UInt8] {
        do throws(WholeFile.Failure) {
            return try WholeFile.read(path, bytesMax: fileBytesMax)
        } catch {
            switch error {
            case .system(let error): throw unreadable(path, error.code)
            case .tooLarge:
                throw ConfigurationError(
                    file: path,
                    message: "cannot read configuration: it is larger than"
                        + " \(Size.text(fileBytesMax))"
                )
            }
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> ConfigurationError {
        let cause =
            code == EISDIR
            ? "it is a folder, expected a YAML file" : String(cString: strerror(code))
        return ConfigurationError(file: path, message: "cannot read configuration: \(cause)")
    }
}
