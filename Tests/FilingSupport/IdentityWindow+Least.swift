package import Dedup

extension IdentityWindow {
    /// A window of the least size, for what needs one and remembers little.
    package static func least() -> IdentityWindow {
        guard
            let window = IdentityWindow(
                IdentityWindow.Configuration(memoryBytesMax: IdentityWindow.memoryBytesMin)
            )
        else { preconditionFailure("no address space") }
        return window
    }
}
