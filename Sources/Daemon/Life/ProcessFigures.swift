import Control
import Glibc
import Platform

/// The resources that the process uses, as the system counts them.
struct ProcessFigures {
    /// User and system time.
    var cpuSeconds: Double
    var residentBytes = 0
    var virtualBytes = 0
    /// Seconds since 1970 UTC.
    var startedAt: Double
    /// Nil where /proc does not tell.
    var openDescriptors: Int?
    /// Nil without a limit.
    var descriptorsMax: Double?

    /// The start time, read once so that it never seems to change; the time of that reading where
    /// /proc does not tell it.
    private static let began = beganAt() ?? Double(SystemClock.wallNanoseconds) / 1e9

    static func now() -> ProcessFigures {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        var figures = ProcessFigures(
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            startedAt: began,
            openDescriptors: countDescriptors(),
            descriptorsMax: descriptorLimit()
        )
        // The first two numbers are pages: all, and resident ones; see proc_pid_statm(5).
        let pages = fields(of: "/proc/self/statm").prefix(2).compactMap { Int($0) }
        if pages.count == 2 {
            let pageBytes = sysconf(Int32(_SC_PAGESIZE))
            figures.virtualBytes = pages[0] * pageBytes
            figures.residentBytes = pages[1] * pageBytes
        }
        return figures
    }

    /// The figures for the control socket.
    var answer: ProcessStats { ProcessStats(cpuSeconds: cpuSeconds, rssBytes: residentBytes) }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    /// Field 22 is the start in ticks since boot; the name ahead of it may contain blanks and
    /// brackets, see proc_pid_stat(5).
    private static func beganAt() -> Double? {
        let text = text(of: "/proc/self/stat")
        guard let nameEnd = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
        var sinceBoot = timespec()
        guard clock_gettime(CLOCK_BOOTTIME, &sinceBoot) == 0 else { return nil }
        let uptime = Double(sinceBoot.tv_sec) + Double(sinceBoot.tv_nsec) / 1e9
        let age = uptime - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
        return Double(SystemClock.wallNanoseconds) / 1e9 - age
    }

    private static func countDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // `.`, `..` and the folder itself.
        return max(0, count - 3)
    }

    private static func descriptorLimit() -> Double? {
        guard let limit = DescriptorBudget.limits, limit.rlim_cur != rlim_t.max else { return nil }
        return Double(limit.rlim_cur)
    }

    private static func fields(of path: String) -> [Substring] {
        text(of: path).split(separator: " ")
    }

    private static func text(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = read(file, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
