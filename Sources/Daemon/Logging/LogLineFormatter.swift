import Configuration
import Logging
import Platform
import Terminal

/// The content of one line.
struct LogRecord {
    let timeNanoseconds: Int64
    let level: Settings.Log.Level
    let message: String
    let metadata: Logger.Metadata
}

/// Formats a record as one line without its line break.
///
/// Pure; metadata is sorted by key.
enum LogLineFormatter {
    /// `2026-11-22T10:00:00.123Z info  sealed events=250 path="a b"`
    case text
    /// `<6>sealed events=250 path="a b"`: journald adds the time and reads the priority.
    case journalText
    /// `{"time":"…","level":"info","message":"sealed","events":250,"path":"a b"}`
    case json

    func line(_ record: LogRecord) -> String {
        switch self {
        case .text:
            let level = record.level.rawValue
            let blanks = String(repeating: " ", count: max(0, 5 - level.count))
            let time = Timestamp.milliseconds(record.timeNanoseconds / 1_000)
            return "\(time) \(level)\(blanks) \(textBody(record))"
        case .journalText:
            return "<\(record.level.syslogPriority)>\(textBody(record))"
        case .json:
            return jsonLine(record)
        }
    }

    private func textBody(_ record: LogRecord) -> String {
        var body = LogEscape.controls(in: record.message)
        for (key, value) in record.metadata.sorted(by: { $0.key < $1.key }) {
            body += " \(LogEscape.word(key))=\(LogEscape.word(plain(value)))"
        }
        return body
    }

    /// Lists and mappings as compact JSON, other values unchanged.
    private func plain(_ value: Logger.Metadata.Value) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let value): value.description
        case .array, .dictionary: json(value)
        }
    }

    private func jsonLine(_ record: LogRecord) -> String {
        var members = [
            member("time", LogEscape.json(Timestamp.milliseconds(record.timeNanoseconds / 1_000))),
            member("level", LogEscape.json(record.level.rawValue)),
            member("message", LogEscape.json(record.message)),
        ]
        for (key, value) in record.metadata.sorted(by: { $0.key < $1.key }) {
            // The three names above are taken; a second key of that name would hide one of them.
            let name = ["time", "level", "message"].contains(key) ? key + "_" : key
            members.append(member(name, json(value)))
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private func member(_ key: String, _ value: String) -> String {
        LogEscape.json(key) + ":" + value
    }

    private func json(_ value: Logger.Metadata.Value) -> String {
        switch value {
        case .string(let text):
            LogEscape.json(text)
        case .stringConvertible(let value):
            isJSONNumberOrBool(value) ? value.description : LogEscape.json(value.description)
        case .array(let elements):
            "[" + elements.map(json).joined(separator: ",") + "]"
        case .dictionary(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { member($0.key, json($0.value)) }
                .joined(separator: ",") + "}"
        }
    }

    private func isJSONNumberOrBool(_ value: any CustomStringConvertible) -> Bool {
        switch value {
        case is Bool, is any FixedWidthInteger: true
        case let number as Double: number.isFinite
        default: false
        }
    }
}

/// Keeps one record on one line.
enum LogEscape {
    /// Escapes what ``ShownText`` considers unsafe as `\n`, `\t`, `\u{9b}`; the rest is unchanged.
    static func controls(in text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case let scalar where ShownText.isUnsafe(scalar):
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A value of `key=value`: quoted if it is empty or contains blanks, quotes, `=` or controls.
    static func word(_ text: String) -> String {
        let needsQuotes =
            text.isEmpty
            || text.unicodeScalars.contains { scalar in
                scalar == " " || scalar == "\"" || scalar == "=" || ShownText.isUnsafe(scalar)
            }
        guard needsQuotes else { return text }
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"" + controls(in: escaped) + "\""
    }

    /// A JSON string (RFC 8259), with everything escaped that `controls` escapes.
    static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case let scalar where ShownText.isUnsafe(scalar): result += ShownText.jsonEscape(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
