import Terminal
import Webhooks
import Yams

/// Where the events of a webhook have one thing: a path in the body, or a header field.
struct WebhookPlace {
    private static let names = ["header", "field", "prefix"]

    private var place: WebhookFields.Place?
    private var prefix = ""

    /// Reads `event.uuid`, `{ header: X-Id }`, or of a name `{ field: event.kind, prefix: "crm." }`.
    init(
        _ node: Node,
        of name: String,
        _ substitution: EnvironmentSubstitution
    ) throws(Complaint) {
        guard case .mapping(let mapping) = node else {
            place = .member(try Self.path(node, substitution))
            return
        }
        for (key, value) in mapping {
            switch key.scalar?.string ?? "" {
            case "header":
                try checkAlone(name)
                let header = try FieldKind<String>
                    .text(expected: "a field such as X-Id", check: WebhookReader.checkHeader)
                    .read(value, substitution)
                place = .field(header)
            case "field":
                try checkAlone(name)
                place = .member(try Self.path(value, substitution))
            case "prefix" where name == "name":
                prefix = try FieldKind<String>
                    .text(expected: "a text such as \"crm.\"", check: Self.checkPrefix)
                    .read(value, substitution)
            case let other:
                throw WebhookReader.unknown(other, "'\(name)'", among: Self.names)
            }
        }
        guard place != nil else {
            throw Complaint("'\(name)' needs 'field', a path in the body, or 'header'")
        }
    }

    private func checkAlone(_ name: String) throws(Complaint) {
        guard place == nil else {
            throw Complaint("'\(name)' has a field and a header; expected one of both")
        }
    }

    private static func path(
        _ node: Node,
        _ substitution: EnvironmentSubstitution
    ) throws(Complaint) -> String {
        try FieldKind<String>.text(expected: "a path in the body such as event.uuid") {
            (text) throws(Complaint) in
            let names = text.split(separator: ".", omittingEmptySubsequences: false)
            guard names.allSatisfy({ !$0.isEmpty }), text.utf8.count <= 256,
                text.unicodeScalars.allSatisfy({ $0.value >= 0x20 })
            else {
                throw Complaint(
                    "'\(text)' is no path such as event.uuid: names of members with points between"
                )
            }
        }.read(node, substitution)
    }

    private static func checkPrefix(_ text: String) throws(Complaint) {
        guard text.utf8.count <= 128 else {
            throw Complaint("a prefix of \(text.utf8.count) bytes is longer than 128")
        }
    }

    fileprivate func put(_ name: String, into fields: inout WebhookFields) {
        let choice = place.map { [$0] } ?? []
        switch name {
        case "id": fields.id = [choice]
        case "name": (fields.name, fields.namePrefix) = (choice, prefix)
        default: fields.time = choice
        }
    }

    /// The places as a configuration has them.
    static func texts(of fields: WebhookFields) -> [String] {
        var texts: [String] = []
        if let place = fields.id.first?.first { texts.append("id: \(text(place))") }
        if let place = fields.name.first {
            texts.append("name: \(text(place, prefix: fields.namePrefix))")
        }
        if let place = fields.time.first { texts.append("time: \(text(place))") }
        return texts
    }

    private static func text(_ place: WebhookFields.Place, prefix: String = "") -> String {
        let end = prefix.isEmpty ? "" : ", prefix: \(quoted(prefix))"
        switch place {
        case .path(let names):
            let path = quoted(names.joined(separator: "."))
            return prefix.isEmpty ? path : "{ field: \(path)\(end) }"
        case .header(let name): return "{ header: \(quoted(name))\(end) }"
        }
    }
}

extension WebhookFields {
    /// Takes a place for `id`, `name` or `time`.
    mutating func set(_ place: WebhookPlace, as name: String) { place.put(name, into: &self) }
}
