/// A condition that did not come about in time.
package struct WaitedInVain: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

/// Suspends until `condition` holds, looking every few milliseconds.
///
/// - `what`: what is waited for, as the error then says.
/// - `seconds`: how long; generous, since machines are busy.
package func waitUntil(
    _ what: String,
    seconds: Int = 30,
    _ condition: () throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        guard ContinuousClock.now < deadline else {
            throw WaitedInVain(description: "waited \(seconds) s for \(what)")
        }
        try await Task.sleep(for: .milliseconds(3))
    }
}
