import Digest

/// A way to prove from whom a request is.
protocol SignatureScheme: Sendable {
    /// Returns if the request is from an owner of one of the secrets.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - now: seconds since 1970 UTC.
    ///   - replays: the tokens that were used; only schemes that sign a token use it.
    /// - Returns: the token, if there is one; it is remembered now.
    /// - Throws: the reason to refuse it.
    func verify(
        _ request: WebhookRequest,
        now: Int64,
        replays: inout ReplayMemory
    ) throws(SignatureFault) -> ReplayMark?
}

/// How far a signed time may be from the present.
struct Freshness: Sendable, Equatable {
    /// In seconds; nil for no bound.
    let tolerance: Int64?

    /// - Parameters:
    ///   - time: the text of seconds since 1970 UTC, or of milliseconds if they are after the year
    ///     5000 as seconds.
    ///   - now: seconds since 1970 UTC.
    /// - Throws: ``SignatureFault/stale``, or ``SignatureFault/malformed`` if it is no number.
    func check(_ time: [UInt8], now: Int64) throws(SignatureFault) {
        guard let number = ASCII.number(time) else { throw .malformed }
        let seconds = number > 99_999_999_999 ? number / 1_000 : number
        if let tolerance, abs(seconds - now) > tolerance { throw .stale }
    }
}

extension HeaderLines {
    /// Returns the value of a field that must be there once and must not be empty.
    func needed(_ name: String) throws(SignatureFault) -> [UInt8] {
        guard let value = only(name), !value.isEmpty else { throw .missing }
        return value
    }
}

extension [HMACKey] {
    /// Whether a candidate is the code of the pieces with one of the keys.
    func accept(_ candidates: [[UInt8]], of pieces: [UnsafeRawBufferPointer]) -> Bool {
        contains { key in
            let code = key.start()
            for piece in pieces { code.update(piece) }
            let expected = code.finish()
            return candidates.contains { ConstantTime.areEqual($0, expected) }
        }
    }
}
