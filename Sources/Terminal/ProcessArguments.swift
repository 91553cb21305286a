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

    static func areReadable(in folder: String = "/proc/self") -> Bool {
        access("\(folder)/cmdline", R_OK) == 0
    }
}
