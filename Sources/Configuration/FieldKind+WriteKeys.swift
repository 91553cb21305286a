import Terminal
import Yams

extension FieldKind where Value == [Settings.Source.Edge.Key] {
    private typealias Key = Settings.Source.Edge.Key

    private static let example = "[{ name: shop-web, key: \"${SHOP_WEB_KEY}\" }]"
    private static let names = ["name", "key", "channel", "origins", "rate"]

    /// A list of keys with what each allows.
    static var writeKeys: FieldKind {
        FieldKind(
            read: { (node, substitution) throws(Complaint) in
                guard case .sequence(let elements) = node else {
                    throw Complaint(
                        "expected a list such as \(example), found \(node.kindOfValue)"
                    )
                }
                return try keys(elements, substitution)
            },
            print: { keys in "[" + keys.map(text).joined(separator: ", ") + "]" }
        )
    }

    private static func keys(
        _ elements: Node.Sequence,
        _ substitution: EnvironmentSubstitution
    ) throws(Complaint) -> [Settings.Source.Edge.Key] {
        var keys: [Key] = []
        for element in elements {
            let line = element.mark?.line
            do throws(Complaint) {
                let key = try key(element, substitution)
                guard !keys.contains(where: { $0.name == key.name }) else {
                    throw Complaint("two keys have the name '\(key.name)'")
                }
                if let other = keys.first(where: { $0.key == key.key }) {
                    throw Complaint("'\(other.name)' and '\(key.name)' have the same key")
                }
                keys.append(key)
            } catch {
                throw Complaint(error.reasons.map { .init(line: $0.line ?? line, text: $0.text) })
            }
        }
        return keys
    }

    private static func key(
        _ element: Node,
        _ substitution: EnvironmentSubstitution
    ) throws(Complaint) -> Key {
        guard case .mapping(let mapping) = element else {
            throw Complaint("expected a list such as \(example), found \(element.kindOfValue)")
        }
        var key = Key()
        for (name, value) in mapping {
            try read(name.scalar?.string ?? "", value, with: substitution, into: &key)
        }
        guard !key.name.isEmpty, !key.key.isEmpty else {
            throw Complaint("a key needs 'name' and 'key', such as \(example)")
        }
        return key
    }

    private static func read(
        _ name: String,
        _ value: Node,
        with substitution: EnvironmentSubstitution,
        into key: inout Key
    ) throws(Complaint) {
        switch name {
        case "name":
            key.name = try FieldKind<String>.name(example: "shop-web").read(value, substitution)
        case "key":
            let kind = FieldKind<String>.text(expected: "a key", check: EdgeText.checkKey)
            key.key = try secret(value, substitution, as: kind)
            key.written = value.scalar?.string ?? ""
        case "channel":
            key.channel = try FieldKind<String>.channel.read(value, substitution)
        case "origins":
            let kind = FieldKind<[String]>.list(
                example: "[\"https://shop.example\"]",
                check: EdgeText.checkOrigin
            )
            key.origins = try kind.read(value, substitution)
        case "rate":
            key.rate = try FieldKind<Int>.count(0...1_000_000, example: 2_000)
                .read(value, substitution)
        default:
            let hint = NearestName.of(name, among: names).map { ", did you mean '\($0)'?" } ?? ""
            throw Complaint("unknown key '\(name)' of a write key\(hint)")
        }
    }

    /// Reads a secret; a complaint about it does not repeat it.
    private static func secret(
        _ value: Node,
        _ substitution: EnvironmentSubstitution,
        as kind: FieldKind<String>
    ) throws(Complaint) -> String {
        guard value.scalar != nil else {
            throw Complaint("expected a key as a text, found \(value.kindOfValue)")
        }
        return try kind.read(value, substitution)
    }

    /// As in the file: a secret of the environment is not printed.
    private static func text(_ key: Key) -> String {
        // References to variables stay references.
        let written = quoted(key.written).replacing("$${", with: "${")
        var parts = ["name: \(quoted(key.name))", "key: \(written)"]
        if let channel = key.channel { parts.append("channel: \(quoted(channel))") }
        if !key.origins.isEmpty {
            parts.append("origins: [\(key.origins.map(quoted).joined(separator: ", "))]")
        }
        if key.rate > 0 { parts.append("rate: \(key.rate)") }
        return "{ \(parts.joined(separator: ", ")) }"
    }
}
