import Testing

@testable import Daemon

/// The sockets of systemd are found by their names.
@Suite struct PassedSocketsTests {
    private func passed(_ more: [String: String]) -> [String: [Int32]] {
        let environment = ["LISTEN_PID": "7"].merging(more) { $1 }
        return PassedSockets(environment: environment, process: 7).byName
    }

    @Test func eachHasItsName() {
        let names = ["LISTEN_FDS": "3", "LISTEN_FDNAMES": "web:other:web"]
        #expect(passed(names) == ["web": [3, 5], "other": [4]])
    }

    @Test func withoutANameItIsUnknown() {
        #expect(passed(["LISTEN_FDS": "2"]) == ["unknown": [3, 4]])
        #expect(passed(["LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:"]) == ["a": [3], "unknown": [4]])
    }

    @Test(arguments: [
        [:], ["LISTEN_FDS": "0"], ["LISTEN_FDS": "-1"], ["LISTEN_FDS": "x"],
        ["LISTEN_FDS": "2000000000"], ["LISTEN_FDS": "1", "LISTEN_PID": "8"],
        ["LISTEN_FDS": "1", "LISTEN_PID": ""],
    ])
    func whatIsNotForThisProcessIsNone(environment: [String: String]) {
        #expect(passed(environment).isEmpty)
    }
}
