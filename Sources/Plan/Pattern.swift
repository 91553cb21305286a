import CRE2

/// A compiled pattern of a schema, for any number of threads.
final class Pattern: @unchecked Sendable {
    /// The longest pattern, in bytes.
    static let bytesMax = 1000
    /// The memory of a compiled pattern, of which RE2 gives two thirds to the program.
    private static let memoryMax = 3 << 19

    let compiled: OpaquePointer

    /// Compiles a pattern of ECMA 262.
    init(_ pattern: String, line: Int) throws(SchemaError) {
        guard pattern.utf8.count <= Self.bytesMax else {
            throw SchemaError(line: line, "a pattern has at most \(Self.bytesMax) bytes")
        }
        var translation = PatternTranslation(pattern)
        let translated: String
        do throws(PatternTranslation.Refusal) {
            translated = try translation.run()
        } catch {
            throw SchemaError(line: line, "pattern '\(pattern)': \(error.message)")
        }
        var message = [CChar](repeating: 0, count: 200)
        let bytes = Array(translated.utf8)
        guard
            let compiled = cre2_compile(
                bytes,
                bytes.count,
                Self.memoryMax,
                &message,
                message.count
            )
        else {
            let text = String(
                decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
                as: UTF8.self
            )
            throw SchemaError(line: line, "pattern '\(pattern)': \(text)")
        }
        self.compiled = compiled
    }

    deinit {
        cre2_destroy(compiled)
    }
}
