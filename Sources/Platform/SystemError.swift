import Glibc

/// A system call's error: errno, with its text.
package struct SystemError: Error, CustomStringConvertible, Equatable, Sendable {
    package let code: Int32

    package init(code: Int32) { self.code = code }

    package var description: String { String(cString: strerror(code)) }
}
