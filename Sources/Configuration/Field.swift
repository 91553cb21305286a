import Yams

/// A key of the configuration: how it is read, checked, printed, and whether a reload applies it.
///
/// The tables of fields (`Settings.fields`, `Settings.Source.fields`) are the only list of keys:
/// reader, printer, comparison and the test of the reference file all use them.
struct Field<Root> {
    /// The dotted key, at most two levels: `writers`, `commit.interval`.
    let key: String
    /// Whether a running daemon applies a new value on reload.
    let isLive: Bool
    /// Reads a node into `Root`, or complains.
    let read: (Node, EnvironmentSubstitution, inout Root) throws(Complaint) -> Void
    /// The value as YAML that reads back equal.
    let print: (Root) -> String

    init<Value>(
        _ key: String,
        _ path: WritableKeyPath<Root, Value>,
        as kind: FieldKind<Value>,
        isLive: Bool = false
    ) {
        self.key = key
        self.isLive = isLive
        read = { (node, substitution, root) throws(Complaint) in
            root[keyPath: path] = try kind.read(node, substitution)
        }
        print = { root in kind.print(root[keyPath: path]) }
    }

    /// The section of the key, nil at the top.
    var section: String? {
        key.lastIndex(of: ".").map { String(key[..<$0]) }
    }

    /// The key inside its section.
    var name: String {
        key.lastIndex(of: ".").map { String(key[$0...].dropFirst()) } ?? key
    }
}
