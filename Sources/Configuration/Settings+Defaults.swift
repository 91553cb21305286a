import Glibc

extension Settings {
    /// The settings of `touchpointd` without a configuration file: loopback only, and all files
    /// below `./touchpoint-data`.
    package static var embeddedDefault: Settings {
        var settings = Settings()
        settings.storage.directory = "./touchpoint-data"
        settings.control.socket = "./touchpoint-data/control.sock"
        return settings
    }

    /// The sources of a file without any: one unacknowledged, one acknowledged, on loopback.
    static var defaultSources: [Source] {
        var producers = Source()
        producers.name = "producers"
        producers.pattern = .pull
        producers.bind = ["tcp://127.0.0.1:5571"]
        var reliable = Source()
        reliable.name = "reliable"
        reliable.pattern = .router
        reliable.bind = ["tcp://127.0.0.1:5572"]
        return [producers, reliable]
    }

    /// This machine's host name, made safe: the default of `node`.
    static var hostNode: String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let result = buffer.withUnsafeMutableBytes { bytes -> Int32 in
            guard let base = bytes.baseAddress else { return -1 }
            return gethostname(base, bytes.count - 1)
        }
        guard result == 0 else { return safeName("") }
        return safeName(String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self))
    }

    /// Returns `text` as a valid node name: other characters and a leading dot become `-`, the rest
    /// beyond 64 is cut, and an empty text becomes `localhost`.
    static func safeName(_ text: String) -> String {
        var name = ""
        for scalar in text.unicodeScalars.prefix(64) {
            let isSafe = isNameScalar(scalar) && !(name.isEmpty && scalar == ".")
            name.unicodeScalars.append(isSafe ? scalar : "-")
        }
        return name.isEmpty ? "localhost" : name
    }

    /// Whether `scalar` is allowed in the name of a node or source.
    static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
        default: false
        }
    }
}
