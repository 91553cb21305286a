import Events

/// Compiles JSON Schemas into the nodes of a plan.
///
/// Supports draft-07 and 2020-12 without `$id` below the root, anchors, dynamic and remote references,
/// `unevaluated…` and vocabularies. What is not supported is refused by name and line, never ignored.
/// Keywords that no draft knows are annotations.
struct SchemaCompiler {
    let document: SchemaValue
    let dialect: SchemaDialect
    /// Whether `format` is checked, or only an annotation.
    let checksFormats: Bool
    let builder: PlanBuilder
    /// The nodes of the schemas compiled so far, by their JSON pointers.
    private var nodes: [[UInt8]: UInt32] = [:]
    /// For each node, those that check the same value.
    private var inPlace: [UInt32: [UInt32]] = [:]
    private var patterns: [[UInt8]: UInt32] = [:]

    /// `dialect` counts if the document has no `$schema`.
    init(
        _ document: SchemaValue,
        dialect: SchemaDialect,
        checksFormats: Bool,
        builder: PlanBuilder
    ) throws(SchemaError) {
        self.document = document
        self.checksFormats = checksFormats
        self.builder = builder
        if let schema = document["$schema"] {
            guard let named = schema.string.flatMap(SchemaDialect.named) else {
                throw SchemaError(
                    line: schema.line,
                    "$schema \(schema.json) is not supported: use"
                        + " http://json-schema.org/draft-07/schema# or"
                        + " https://json-schema.org/draft/2020-12/schema"
                )
            }
            self.dialect = named
        } else {
            self.dialect = dialect
        }
    }

    /// Returns the node of the whole document.
    mutating func compile() throws(SchemaError) -> UInt32 {
        let root = try node(document, at: SchemaPointer())
        try refuseCycles()
        return root
    }

    /// Returns the node of the schema at a pointer.
    mutating func node(
        _ schema: SchemaValue,
        at pointer: SchemaPointer
    ) throws(SchemaError) -> UInt32 {
        if let node = nodes[pointer.key] { return node }
        switch schema.content {
        case .boolean(true): return PlanBuilder.anything
        case .boolean(false), .object: break
        default:
            throw SchemaError(
                line: schema.line,
                "\(pointer): a schema is an object or a boolean, found \(schema.typeName)"
            )
        }
        let node = builder.add()
        nodes[pointer.key] = node
        var draft = SchemaDraft(node: node, schema: schema, pointer: pointer)
        if schema.isObject {
            try read(&draft)
        } else {
            draft.rules.isNever = true
        }
        builder.define(node, draft.rules)
        inPlace[node] = draft.inPlace
        return node
    }

    /// Returns the number of a pattern.
    mutating func pattern(_ value: SchemaValue, _ text: String) throws(SchemaError) -> UInt32 {
        let key = Array(text.utf8)
        if let known = patterns[key] { return known }
        let pattern = try Pattern(text, line: value.line)
        let number = builder.pattern(pattern.compiled, keeping: pattern)
        patterns[key] = number
        return number
    }

    /// Returns the node of what a `$ref` names.
    mutating func reference(_ value: SchemaValue) throws(SchemaError) -> UInt32 {
        guard let text = value.string else {
            throw SchemaError(line: value.line, "$ref is a string, found \(value.typeName)")
        }
        guard text.hasPrefix("#"), let pointer = SchemaPointer(fragment: text.dropFirst()) else {
            throw SchemaError(
                line: value.line,
                "$ref '\(text)' is not supported: only '#' and '#/…' in the same document are"
            )
        }
        var target = document
        for (index, token) in pointer.tokens.enumerated() {
            if index > 0, target["$id"]?.string != nil {
                throw SchemaError(line: value.line, "$ref '\(text)' leads through a $id")
            }
            guard let next = target.child(token) else {
                throw SchemaError(line: value.line, "$ref '\(text)' leads nowhere")
            }
            target = next
        }
        return try node(target, at: pointer)
    }

    /// Refuses schemas that check a value by themselves without reading any of it.
    private func refuseCycles() throws(SchemaError) {
        var done: Set<UInt32> = []
        for start in inPlace.keys.sorted() where !done.contains(start) {
            var stack: [(node: UInt32, next: Int)] = [(start, 0)]
            var open: Set<UInt32> = [start]
            while let top = stack.last {
                let followers = inPlace[top.node] ?? []
                guard top.next < followers.count else {
                    open.remove(top.node)
                    done.insert(top.node)
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                let next = followers[top.next]
                guard !open.contains(next) else {
                    throw SchemaError(
                        line: document.line,
                        "$ref: a schema refers to itself for the same value, without end"
                    )
                }
                guard !done.contains(next) else { continue }
                open.insert(next)
                stack.append((next, 0))
            }
        }
    }
}

/// A node while its schema is read.
struct SchemaDraft {
    let node: UInt32
    let schema: SchemaValue
    let pointer: SchemaPointer
    var rules = NodeRules()
    /// Nodes that check the same value.
    var inPlace: [UInt32] = []
}
