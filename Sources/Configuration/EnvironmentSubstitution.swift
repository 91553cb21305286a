/// Replaces `${NAME}` and `${NAME:-default}` in one scalar of the configuration.
///
/// As in the shell, the default is used if the variable is missing or empty; it ends at the first
/// `}` and is not replaced again. `$${` means a literal `${`. Any other `$` is unchanged.
///
/// All values together add at most ``bytesMax``, as much as a file may have.
final class EnvironmentSubstitution {
    static let bytesMax = SettingsReader.fileBytesMax

    private let environment: [String: String]
    private var bytesLeft = bytesMax

    init(environment: [String: String]) {
        self.environment = environment
    }

    /// Returns `text` with every reference replaced, or throws a complaint that names the variable.
    func apply(to text: String) throws(Complaint) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                result += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw Complaint("'\(rest)' has no closing '}' (write $${ for a literal ${)")
                }
                result += try value(of: rest[..<end].dropFirst(2))
                rest = rest[end...].dropFirst()
            } else {
                result += "$"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    private func value(of reference: Substring) throws(Complaint) -> String {
        let name: Substring
        let fallback: Substring?
        if let mark = reference.firstRange(of: ":-") {
            name = reference[..<mark.lowerBound]
            fallback = reference[mark.upperBound...]
        } else {
            name = reference
            fallback = nil
        }
        guard isVariableName(name) else {
            throw Complaint(
                "'${\(reference)}' is no reference to a variable,"
                    + " expected ${NAME} or ${NAME:-default} (write $${ for a literal ${)"
            )
        }
        if let value = environment[String(name)], !(value.isEmpty && fallback != nil) {
            bytesLeft -= value.utf8.count
            guard bytesLeft >= 0 else {
                throw Complaint(
                    "with environment variable '\(name)', values of variables have more than"
                        + " \(Size.text(Self.bytesMax)) in all"
                )
            }
            return value
        }
        guard let fallback else {
            throw Complaint(
                "environment variable '\(name)' is not set; set it, or write ${\(name):-default}"
            )
        }
        return String(fallback)
    }

    private func isVariableName(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
    }
}
