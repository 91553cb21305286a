import Intake

/// Requests with a key that is not known.
extension Receiver {
    /// The answer to such a request, by its head; nil if its events are to be kept in quarantine.
    func refusal(ofUnknownKey request: inout Request, _ client: Client) -> Reply? {
        switch configuration.keys.unknown.decide() {
        case .refused:
            commons.tell(.unknownWriteKey, client, why: Self.unknownKey)
            return reject(.unauthorized)
        case .limited(let seconds):
            return reject(.quota(seconds: seconds))
        case .kept:
            request.hasUnknownKey = true
            return nil
        }
    }
}
