import ArgumentParser
import Disk
import Glibc
import Terminal

/// Opens an existing data folder; ends the program with a message if it does not exist.
func openDataFolder(_ path: String) throws -> PosixFileSystem {
    guard access(path, R_OK | X_OK) == 0 else {
        throw failed(
            "cannot open \(path): \(String(cString: strerror(errno)))",
            Terminal.ExitCode.ioError
        )
    }
    do {
        return try PosixFileSystem(directory: path)
    } catch {
        throw failed("\(error)", Terminal.ExitCode.ioError)
    }
}

/// Prints an error message and returns the error to throw.
func failed(_ message: String, _ code: Int32) -> any Error {
    printError(message)
    return ArgumentParser.ExitCode(code)
}
