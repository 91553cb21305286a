import CPlatform

/// Finds text in bytes, with the C library's vector code.
package enum ByteSearch {
    /// Whether bytes contain a text that is not empty.
    package static func contains(_ text: StaticString, in bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return false }
        return cplatform_contains(start, bytes.count, text.utf8Start, text.utf8CodeUnitCount)
    }
}
