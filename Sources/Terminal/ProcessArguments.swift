import Glibc

/// Whether the program can see what it was started with.
package enum ProcessArguments {
    /// Ends the process with a sentence where its arguments cannot be read.
    ///
    /// Swift reads them in /proc. Without it, as in a bare chroot, a program would do what it does
    /// without arguments, whatever it was told.
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
