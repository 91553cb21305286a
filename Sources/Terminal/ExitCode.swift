/// What the programs tell the shell when they end, after sysexits.h; no other code is used but 1.
///
/// Where swift-argument-parser is imported as well, write `Terminal.ExitCode`.
package enum ExitCode {
    /// Everything that was asked for was done.
    package static let done: Int32 = 0
    /// The daemon answers, and is not healthy: `touchpointctl status`.
    package static let unhealthy: Int32 = 1
    /// The arguments do not say what to do (`EX_USAGE`).
    package static let usage: Int32 = 64
    /// The data that was read is damaged or not what it should be (`EX_DATAERR`).
    package static let badData: Int32 = 65
    /// The daemon cannot be reached or would not serve this user (`EX_UNAVAILABLE`).
    package static let unreachable: Int32 = 69
    /// A file, folder or socket cannot be created (`EX_CANTCREAT`).
    package static let cannotCreate: Int32 = 73
    /// Reading or writing failed on the way (`EX_IOERR`).
    package static let ioError: Int32 = 74
    /// The configuration cannot be used (`EX_CONFIG`).
    package static let badConfiguration: Int32 = 78
}
