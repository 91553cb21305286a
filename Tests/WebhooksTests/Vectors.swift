import Foundation
import Testing

@testable import Webhooks

/// What `vectors.py` made with the libraries of the senders.
struct Vectors: Decodable, Sendable {
    struct Request: Decodable, Sendable, CustomTestStringConvertible {
        struct Signature: Decodable, Sendable {
            let algorithm: String
            let header: String?
            let encoding: String?
            let prefix: String?
            let signed: String?
            let timestamp: String?
            let id: String?
            let tolerance: Int64?
        }

        let name: String
        let preset: String?
        let signature: Signature?
        let secrets: [String]
        let url: String?
        let tolerance: Int64?
        let headers: [[String]]
        let body: String
        let query: String?
        let pathRest: String?
        /// How often it is sent; once if it does not say.
        let times: Int?
        let expect: String

        var testDescription: String { name }
    }

    struct Form: Decodable, Sendable, CustomTestStringConvertible {
        let text: String
        let pairs: [[String]]

        var testDescription: String { text }
    }

    struct Event: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let headers: [[String]]
        let body: Data
        let attributes: [String: String]

        var testDescription: String { name }
    }

    let now: Int64
    let requests: [Request]
    let forms: [Form]
    let cloudEvents: [Event]

    static let all: Vectors = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("vectors.json")
        do {
            return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: path))
        } catch {
            fatalError("\(path.path): \(error)")
        }
    }()
}

extension Vectors.Request {
    /// The verifier that the request's settings describe.
    func verifier() throws -> WebhookVerifier {
        if let preset {
            return try WebhookVerifier(
                preset: try #require(WebhookPreset(rawValue: preset)),
                secrets: secrets,
                tolerance: tolerance,
                publicURL: url
            )
        }
        let given = try #require(signature)
        var settings = SignatureSettings(secrets: secrets)
        settings.algorithm = try #require(SignatureSettings.Algorithm(rawValue: given.algorithm))
        settings.header = given.header
        settings.encoding = try #require(.init(rawValue: given.encoding ?? "hex"))
        settings.prefix = given.prefix ?? ""
        settings.signed = given.signed ?? "{body}"
        settings.timestampHeader = given.timestamp
        settings.idHeader = given.id
        settings.tolerance = given.tolerance
        return try WebhookVerifier(settings)
    }

    /// Sends the request as often as it says; returns the last outcome.
    func outcome(now: Int64) throws -> String {
        let verifier = try verifier()
        let headers = HeaderLines(headers.map { (name: $0[0], value: $0[1]) })
        var replays = ReplayMemory(room: 4)
        var outcome = ""
        for _ in 0..<(times ?? 1) {
            outcome = Array(body.utf8).withUnsafeBytes { bytes in
                let request = WebhookRequest(
                    headers: headers,
                    body: bytes,
                    query: Array((query ?? "").utf8),
                    pathRest: Array((pathRest ?? "").utf8)
                )
                do throws(SignatureFault) {
                    _ = try verifier.verify(request, now: now, replays: &replays)
                    return "accepted"
                } catch {
                    return error.rawValue
                }
            }
        }
        return outcome
    }
}

extension HeaderLines {
    init(_ lines: [[String]]) { self.init(lines.map { (name: $0[0], value: $0[1]) }) }
}

/// Returns what JSON text means.
func decoded(_ json: [UInt8]) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed)
}
