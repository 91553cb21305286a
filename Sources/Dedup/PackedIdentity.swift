/// An event's id in the form that the window and its files store: a UUID in the canonical
/// lower-case form as 16 bytes, any other id unchanged.
///
/// Ids that differ in a byte have different packed forms. It points into the memory of the original
/// id and must not outlive it.
package struct PackedIdentity {
    /// Bytes of the longest id considered; an event with a longer one counts as having none.
    package static let byteCountMax = 1_024
    /// Bytes of a UUID's text.
    private static let uuidTextBytes = 36

    package enum Form: Sendable {
        /// No id, or one that is too long: never a duplicate.
        case none
        case uuid
        case text
    }

    /// No id.
    package static var none: PackedIdentity { PackedIdentity(form: .none) }

    package let form: Form
    /// The bytes of a UUID, in memory order when stored in the machine's byte order.
    package let first: UInt64
    package let second: UInt64
    /// The id, if the form is ``Form/text``.
    package let text: UnsafeRawBufferPointer

    /// Packs the id of an event, unescaped.
    package init(_ id: UnsafeRawBufferPointer) {
        if id.count == Self.uuidTextBytes, let uuid = Self.uuid(id) {
            self.init(form: .uuid, first: uuid.0, second: uuid.1)
        } else if id.isEmpty || id.count > Self.byteCountMax {
            self.init(form: .none)
        } else {
            self.init(form: .text, text: id)
        }
    }

    /// A UUID that is already packed.
    package init(first: UInt64, second: UInt64) {
        self.init(form: .uuid, first: first, second: second)
    }

    /// An id that was stored as text, of 1 to ``byteCountMax`` bytes.
    package init(text: UnsafeRawBufferPointer) {
        self.init(form: .text, text: text)
    }

    private init(
        form: Form,
        first: UInt64 = 0,
        second: UInt64 = 0,
        text: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        self.form = form
        self.first = first
        self.second = second
        self.text = text
    }

    package var isNone: Bool {
        switch form {
        case .none: true
        case .uuid, .text: false
        }
    }

    package var isUUID: Bool {
        switch form {
        case .uuid: true
        case .none, .text: false
        }
    }

    /// Bytes of the packed form.
    package var byteCount: Int {
        switch form {
        case .none: 0
        case .uuid: 16
        case .text: text.count
        }
    }

    // MARK: - UUIDs

    /// Parses `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in lower case; nil for anything else.
    private static func uuid(_ text: UnsafeRawBufferPointer) -> (UInt64, UInt64)? {
        let dash = UInt8(ascii: "-")
        guard text[8] == dash, text[13] == dash, text[18] == dash, text[23] == dash,
            let a = packed(word(text, low: 0, high: 4)),
            let b = packed(word(text, low: 9, high: 14)),
            let c = packed(word(text, low: 19, high: 24)),
            let d = packed(word(text, low: 28, high: 32))
        else { return nil }
        return (a | b << 32, c | d << 32)
    }

    /// Joins four digits at `low` and four at `high` into one word.
    private static func word(_ text: UnsafeRawBufferPointer, low: Int, high: Int) -> UInt64 {
        UInt64(text.loadUnaligned(fromByteOffset: low, as: UInt32.self).littleEndian)
            | UInt64(text.loadUnaligned(fromByteOffset: high, as: UInt32.self).littleEndian) << 32
    }

    /// Packs eight lower-case hexadecimal digits into four bytes; nil if one is no such digit.
    ///
    /// Handles all eight at once: a branch per random digit would be mispredicted.
    private static func packed(_ digits: UInt64) -> UInt64? {
        let letters = (digits >> 6) & 0x0101_0101_0101_0101
        let values = (digits & 0x0f0f_0f0f_0f0f_0f0f) &+ letters &* 9
        let areAboveNine = ((values &+ 0x7676_7676_7676_7676) & 0x8080_8080_8080_8080) >> 7
        let written = values &+ 0x3030_3030_3030_3030 &+ areAboveNine &* 39
        guard written == digits, values & 0xf0f0_f0f0_f0f0_f0f0 == 0 else { return nil }
        var bytes = (values << 4 | values >> 8) & 0x00ff_00ff_00ff_00ff
        bytes = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff
        return (bytes | bytes >> 16) & 0xffff_ffff
    }
}
