/// The version of JSON Schema that a schema is written in.
package enum SchemaDialect: String, Sendable, CaseIterable {
    /// Draft-04 to draft-07, which agree in what is supported here.
    case draft7 = "7"
    case draft2020 = "2020-12"

    /// Returns the dialect of a `$schema`; nil for one that is not known.
    static func named(_ uri: String) -> SchemaDialect? {
        switch uri.hasSuffix("#") ? String(uri.dropLast()) : uri {
        case "http://json-schema.org/draft-04/schema", "http://json-schema.org/draft-06/schema",
            "http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema",
            "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0":
            .draft7
        case "https://json-schema.org/draft/2020-12/schema": .draft2020
        default: nil
        }
    }

    /// Keywords that have a meaning in some draft, and that this dialect here does not support.
    ///
    /// A schema with one is refused: ignoring it would accept what its author forbids.
    var unsupported: Set<String> {
        let everywhere: Set<String> = [
            "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef",
            "$vocabulary", "unevaluatedItems", "unevaluatedProperties",
        ]
        switch self {
        case .draft7:
            return everywhere.union([
                "dependentRequired", "dependentSchemas", "prefixItems", "minContains",
                "maxContains",
            ])
        case .draft2020: return everywhere.union(["additionalItems", "dependencies"])
        }
    }
}
