/// A condition that did not become true in time, or a failed system call.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Suspends until `condition` holds, checking every few milliseconds.
///
/// - `what`: the condition, for the error's text.
/// - `seconds`: the time limit; generous, because machines are busy.
package func waitUntil(
    _ what: String,
    seconds: Int = 30,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw TestFailure("waited \(seconds) s for \(what)")
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
