/// The fields of a form body (`application/x-www-form-urlencoded`) or of a query string, decoded.
///
/// Its memory is a small multiple of the text's, whatever the text is. Names and values are bytes:
/// they can be anything after their percent escapes.
package struct FormFields: Sendable {
    /// The fields that a text may have if nothing else is asked for.
    package static let countMax = 1_000

    private struct Span {
        let name: Range<Int>
        let value: Range<Int>
    }

    private let text: [UInt8]
    private let spans: [Span]

    package var count: Int { spans.count }

    /// Reads `name=value&…`, where `+` is a blank and a name can be without value.
    ///
    /// - Parameters:
    ///   - raw: the text as sent, without a `?` before it. Nothing between two `&` is no field.
    ///   - countMax: how many fields it may have.
    /// - Throws: if there are more.
    package init(
        _ raw: UnsafeRawBufferPointer,
        countMax: Int = FormFields.countMax
    ) throws(FormFault) {
        var text: [UInt8] = []
        text.reserveCapacity(raw.count)
        var spans: [Span] = []
        for field in raw.split(separator: UInt8(ascii: "&")) {
            guard spans.count < countMax else { throw .tooManyFields(max: countMax) }
            let nameEnd = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
            let start = text.count
            ASCII.appendPercentDecoded(field[..<nameEnd], plusIsBlank: true, to: &text)
            let middle = text.count
            ASCII.appendPercentDecoded(
                field[nameEnd...].dropFirst(),
                plusIsBlank: true,
                to: &text
            )
            spans.append(Span(name: start..<middle, value: middle..<text.count))
        }
        self.text = text
        self.spans = spans
    }

    package init(_ raw: [UInt8], countMax: Int = FormFields.countMax) throws(FormFault) {
        let fields = raw.withUnsafeBytes { bytes in
            Result { () throws(FormFault) in try FormFields(bytes, countMax: countMax) }
        }
        self = try fields.get()
    }

    func name(_ index: Int) -> ArraySlice<UInt8> { text[spans[index].name] }

    func value(_ index: Int) -> ArraySlice<UInt8> { text[spans[index].value] }

    /// Returns the values of a name, in their order.
    package func values(_ name: String) -> [[UInt8]] {
        spans.indices.filter { self.name($0).elementsEqual(name.utf8) }.map { Array(value($0)) }
    }

    /// Returns the value of a name that is there exactly once.
    package func only(_ name: String) -> [UInt8]? {
        let values = values(name)
        return values.count == 1 ? values.first : nil
    }
}

/// The reason why a form or a query is no event.
package enum FormFault: Error, Equatable, Sendable, CustomStringConvertible {
    case tooManyFields(max: Int)
    /// `data=` is neither JSON nor base64 of it.
    case data

    package var description: String {
        switch self {
        case .tooManyFields(let max): "the form or query has more than \(max) fields: send fewer"
        case .data: "'data' is neither a JSON object or array nor base64 of one"
        }
    }
}
