import CISAL
import CZlib

extension Engine {
    /// The version of the library: zlib's as it was loaded, ISA-L's as its headers say.
    package var libraryVersion: String {
        switch self {
        case .isal: "\(ISAL_MAJOR_VERSION).\(ISAL_MINOR_VERSION).\(ISAL_PATCH_VERSION)"
        case .zlib: String(cString: zlibVersion())
        }
    }
}
