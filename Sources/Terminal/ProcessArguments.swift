import Glibc

/// Checks that the program can read its own arguments.
package enum ProcessArguments {
    /// Ends the process with a message if its arguments cannot be read.
    ///
    /// Swift reads them from /proc. Without it, as in a bare chroot, a program would behave as if
    /// started without arguments.
    package static func requireReadable(by program: String) {
        guard !areReadable() else { return }
        writeText(
            "\(program): /proc is not mounted here, so no arguments can be read; mount it\n",
            to: 2
        )
        exit(ExitCode.ioError)
    }

    /// Ends the process with the message of an error in its arguments, or with the help that was asked
    /// for.
    ///
    /// The message may repeat arguments, which can be names of files that others chose: what controls
    /// a terminal is left out.
    package static func end(with message: String, code: Int32) -> Never {
        if !message.isEmpty { writeText(ShownText.lines(message) + "\n", to: code == 0 ? 1 : 2) }
        exit(code)
    }

    static func areReadable(in folder: String = "/proc/self") -> Bool {
        access("\(folder)/cmdline", R_OK) == 0
    }
}
