import CRE2
package import Events

/// A compiled JSON Schema, for any number of threads.
package struct Schema: Sendable {
    package let program: PlanProgram
    package let root: UInt32

    /// Compiles a document.
    ///
    /// `dialect` counts if it has no `$schema`. By the standard `format` is an annotation; with
    /// `checksFormats` it is a rule, as in a plan.
    package init(
        _ document: SchemaValue,
        dialect: SchemaDialect = .draft2020,
        checksFormats: Bool = false
    ) throws(SchemaError) {
        let builder = PlanBuilder(matcher: cre2_matches)
        var compiler = try SchemaCompiler(
            document,
            dialect: dialect,
            checksFormats: checksFormats,
            builder: builder
        )
        root = try compiler.compile()
        program = builder.finish()
    }
}

/// Checks JSON texts against schemas; one thread.
package struct SchemaCheck: ~Copyable {
    private var reader: ValueReader
    private var walk = PlanWalk()

    package init(depthMax: Int = 512) {
        reader = ValueReader(depthMax: depthMax)
    }

    package enum Verdict: Equatable {
        case valid
        /// The number of violations, and the first ones.
        case invalid(Int, [PlanViolation])
        /// The text is not JSON from this offset on.
        case unreadable(Int)
    }

    package mutating func check(_ bytes: UnsafeRawBufferPointer, _ schema: Schema) -> Verdict {
        if let offset = reader.read(bytes) { return .unreadable(offset) }
        guard walk.run(schema.program, root: schema.root, reader.reader, at: reader.start) else {
            preconditionFailure("no memory to check a value")
        }
        return walk.isMet ? .valid : .invalid(walk.violationCount, walk.violations)
    }
}
