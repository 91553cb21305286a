/// The exit codes of the programs, after sysexits.h; the only other code is 1.
///
/// Where swift-argument-parser is imported as well, write `Terminal.ExitCode`.
package enum ExitCode {
    /// Everything requested was done.
    package static let done: Int32 = 0
    /// The daemon answers but is not healthy: `touchpointctl status`.
    ///
    /// Of `touchpointctl plan`: events would be quarantined, or a version is too low.
    package static let unhealthy: Int32 = 1
    /// The arguments are invalid (`EX_USAGE`).
    package static let usage: Int32 = 64
    /// The input data is damaged or of the wrong kind (`EX_DATAERR`).
    package static let badData: Int32 = 65
    /// The daemon cannot be reached or refused this user (`EX_UNAVAILABLE`).
    package static let unreachable: Int32 = 69
    /// A file, folder or socket cannot be created (`EX_CANTCREAT`).
    package static let cannotCreate: Int32 = 73
    /// A read or write failed (`EX_IOERR`).
    package static let ioError: Int32 = 74
    /// The configuration is invalid (`EX_CONFIG`).
    package static let badConfiguration: Int32 = 78
}
