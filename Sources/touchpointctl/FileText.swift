import Platform
import Terminal

/// Returns a file's bytes, or those of standard input for `-`; ends the program with a message if it
/// cannot be read.
func contents(of path: String) throws -> [UInt8] {
    do throws(WholeFile.Failure) {
        return try path == "-" ? WholeFile.read(0) : WholeFile.read(path)
    } catch {
        let cause =
            switch error {
            case .system(let error): "\(error)"
            case .tooLarge: "it is too large"
            }
        throw failed("cannot read \(path): \(cause)", Terminal.ExitCode.ioError)
    }
}
