package import Plan
import YAML
import Yams

/// Reads YAML into the values that a plan is read from.
///
/// Only `true`, `false`, `null`, `~`, nothing, and numbers as JSON writes them are no texts: `on`,
/// `yes`, `1_000` and dates are.
package enum YAMLValue {
    static let depthMax = 64

    package static func parse(_ bytes: [UInt8], file: String) throws(PlanFailure) -> SchemaValue {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PlanFailure(file: file, line: nil, "it is not UTF-8 text")
        }
        let root: Node?
        do throws(YAMLFailure) {
            root = try YAMLText.compose(text)
        } catch {
            throw PlanFailure(file: file, line: error.line, error.message)
        }
        guard let root else { return SchemaValue(.null, line: 1) }
        return try value(root, file: file, depth: 0)
    }

    private static func value(
        _ node: Node,
        file: String,
        depth: Int
    ) throws(PlanFailure) -> SchemaValue {
        let line = node.mark?.line ?? 1
        guard depth < depthMax else {
            throw PlanFailure(file: file, line: line, "nested deeper than \(depthMax)")
        }
        switch node {
        case .scalar(let scalar): return SchemaValue(content(of: scalar), line: line)
        case .sequence(let sequence):
            var elements: [SchemaValue] = []
            for element in sequence {
                elements.append(try value(element, file: file, depth: depth + 1))
            }
            return SchemaValue(.array(elements), line: line)
        case .mapping(let mapping):
            var members: [SchemaValue.Member] = []
            for (key, inner) in mapping {
                guard case .scalar(let name) = key else {
                    throw PlanFailure(file: file, line: line, "a key is a text")
                }
                members.append(
                    .init(
                        name: name.string,
                        line: key.mark?.line ?? line,
                        value: try value(inner, file: file, depth: depth + 1)
                    )
                )
            }
            return SchemaValue(.object(members), line: line)
        case .alias: throw PlanFailure(file: file, line: line, "aliases (*name) are not read")
        }
    }

    private static func content(of scalar: Node.Scalar) -> SchemaValue.Content {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        switch scalar.string {
        case "", "~", "null": return .null
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: return isNumber(scalar.string) ? .number(scalar.string) : .string(scalar.string)
        }
    }

    /// Whether a text is a number by RFC 8259, section 6.
    private static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func digits() -> Int {
            let count = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let startsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !startsWithZero || whole == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") {
                rest = rest.dropFirst()
            }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}

/// A problem that ends the reading of its file.
package struct PlanFailure: Error {
    package let problem: PlanProblem

    init(file: String, line: Int?, _ message: String) {
        problem = PlanProblem(file: file, line: line, message)
    }
}
