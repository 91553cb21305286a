import Intake
import NIOCore
import NIOHTTP1

/// What SDKs ask before they send: without an answer some do not start, or send to Segment.
extension Receiver {
    /// The settings of a key.
    func settings(of key: String, _ headers: HTTPHeaders, _ client: Client) -> Reply {
        guard keys.isOpen || keys.place(of: key) != nil else {
            commons.tell(.unknownWriteKey, client, why: Self.unknownKey)
            return .refused(.notFound, .notFound, why: "the write key is not known here")
        }
        guard let host = apiHost(headers) else {
            return .refused(.badRequest, .badRequest, why: "the Host field is missing or no host")
        }
        let scheme = client.isEncrypted || isForwardedHTTPS(headers, client) ? "https" : "http"
        let segment = """
            {"apiKey":\(RequestMetadata.quoted(key)),"apiHost":"\(host)","protocol":"\(scheme)",\
            "unbundledIntegrations":[],"addBundledMetadata":true,"maybeBundledConfigIds":{},\
            "versionSettings":{"version":"4.4.7","componentTypes":["browser"]}}
            """
        let text = """
            {"integrations":{"Segment.io":\(segment)},\
            "plan":{"track":{"__default":{"enabled":true,"integrations":{}}},\
            "identify":{"__default":{"enabled":true}},"group":{"__default":{"enabled":true}}},\
            "edgeFunction":{},"analyticsNextEnabled":true,"middlewareSettings":{},\
            "enabledMiddleware":{},"metrics":{"sampleRate":0},"legacyVideoPluginsEnabled":false,\
            "remotePlugins":[],"autoInstrumentation":{"sampleRate":0},\
            "httpConfig":{"rateLimitConfig":{"enabled":true},"backoffConfig":{"enabled":true}}}
            """
        return Reply(.ok, ByteBuffer(string: text))
    }

    /// The host that SDKs are to send to, with the path in front of `/t` and `/b`.
    private func apiHost(_ headers: HTTPHeaders) -> String? {
        if let host = configuration.apiHost { return host }
        guard let host = headers.first(name: "host"), !host.isEmpty, host.utf8.count <= 255,
            host.utf8.allSatisfy(Self.isHostByte)
        else { return nil }
        return "\(host)\(configuration.prefix)/v1"
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }

    /// Whether a proxy says that the client speaks HTTPS with it.
    private func isForwardedHTTPS(_ headers: HTTPHeaders, _ client: Client) -> Bool {
        guard headers.first(name: "x-forwarded-proto")?.lowercased() == "https" else {
            return false
        }
        guard let address = client.address else { return true }
        return configuration.clients.proxies.contains { $0.contains(address) }
    }
}
