import Glibc

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
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw unreadable(path, errno)
            }
            bytes += chunk[..<count]
            guard bytes.count <= fileBytesMax else {
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
