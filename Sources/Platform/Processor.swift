public import CPlatform

/// Hints to the processor; they change how fast code runs, and nothing else.
///
/// Any thread. Inlined into the caller's module: some run several times an event.
@usableFromInline
package enum Processor {
    /// Prefetches the cache line of an address that is written or read soon.
    ///
    /// Does not wait. Any address will do; one without memory is ignored.
    @inlinable
    @inline(__always)
    package static func prefetch(_ address: UnsafeRawPointer?) {
        cplatform_fetch(address)
    }

    /// Prefetches bytes that are read soon.
    @inlinable
    @inline(__always)
    package static func prefetch(text: UnsafeRawBufferPointer) {
        cplatform_fetch_text(text.baseAddress, text.count)
    }

    /// Tells the processor that this is a spin-wait loop.
    @inlinable
    @inline(__always)
    package static func relax() {
        cplatform_cpu_relax()
    }
}
