/// Where the events of a request have their identity, their name and their time: a part of a
/// ``RequestNote``, for requests whose events have them elsewhere than others.
///
/// Layout: flags (1), then for each term its role (1), whether it is a path (1), bytes (2), and the
/// bytes: a text that the request itself has, or names of members with zero bytes between them.
/// Terms of one role are in the order in which they are tried. In the machine's byte order.
///
/// Valid as long as its bytes are.
package struct EventPlaces {
    /// The longest text of a term; a longer one is left out.
    package static let textBytesMax = 1_024
    private static let termHeaderByteCount = 4

    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// One identity is one event, whatever its content is.
        package static let identityIsEnough = Flags(rawValue: 1)
        /// The identity counts before the `messageId`.
        package static let comesFirst = Flags(rawValue: 2)
    }

    package enum Role: UInt8, Sendable {
        /// The beginning of another part of the identity; it has no text.
        case identityPart
        case identity
        case name
        /// The text before a name.
        case namePrefix
        case time
        /// The beginning of another choice, or of another part of one; they have no text.
        case identityChoice, nameChoice, namePart, channelChoice, channelPart
        case channel
    }

    package struct Term {
        package var role: Role
        package var isPath: Bool
        package var text: UnsafeRawBufferPointer
    }

    package let flags: Flags
    private var rest: UnsafeRawBufferPointer

    /// `bytes`: as ``Writer`` made them, at least one.
    package init(_ bytes: UnsafeRawBufferPointer) {
        flags = Flags(rawValue: bytes.first ?? 0)
        rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
    }

    /// The next term; nil at the end.
    package mutating func next() -> Term? {
        guard rest.count >= Self.termHeaderByteCount, let role = Role(rawValue: rest[0]) else {
            return nil
        }
        let count = Int(rest.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        let end = min(Self.termHeaderByteCount + count, rest.count)
        let text = UnsafeRawBufferPointer(rebasing: rest[Self.termHeaderByteCount..<end])
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[end...]) }
        return Term(role: role, isPath: rest[1] != 0, text: text)
    }

    /// Makes the bytes of places.
    package struct Writer {
        package private(set) var bytes: [UInt8]

        package init(_ flags: Flags) {
            bytes = [flags.rawValue]
        }

        /// Begins another part of the identity.
        package mutating func beginPart() { add(.identityPart, isPath: false, []) }

        /// Adds a text that the request has.
        package mutating func add(_ role: Role, text: String) {
            guard text.utf8.count <= EventPlaces.textBytesMax else { return }
            add(role, isPath: false, Array(text.utf8))
        }

        /// Adds a place in each event: names of members, from the outermost.
        package mutating func add(_ role: Role, path: [String]) {
            let text = Array(path.map { Array($0.utf8) }.joined(separator: [0]))
            guard text.count <= EventPlaces.textBytesMax else { return }
            add(role, isPath: true, text)
        }

        private mutating func add(_ role: Role, isPath: Bool, _ text: [UInt8]) {
            bytes += [role.rawValue, isPath ? 1 : 0]
            withUnsafeBytes(of: UInt16(truncatingIfNeeded: text.count)) { bytes += $0 }
            bytes += text
        }
    }
}
