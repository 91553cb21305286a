package import Intake
package import Webhooks

/// One HTTP source: where clients connect, what they may send, and what each may cost.
package struct HTTPConfiguration: Sendable {
    /// The kinds of paths that a source answers.
    package enum Profile: String, Sendable, CaseIterable {
        /// What the SDKs of Segment and RudderStack send.
        case segment
        /// Everything that the ZeroMQ sources accept.
        case events
        case cloudevents
        /// An image in a page or a mail.
        case pixel
        /// What Snowplow's trackers send.
        case snowplow
        /// What PostHog's SDKs send.
        case posthog
    }

    /// What `_touchpoint.http` says about a request.
    package enum Metadata: String, Sendable, CaseIterable {
        case key, ip, userAgent, origin, path
    }

    /// How long clients may take, in nanoseconds.
    package struct Timeouts: Sendable, Equatable {
        /// From the first byte of a request's head to its end.
        package var header: Int64 = 10_000_000_000
        /// From the end of the head to the end of the body.
        package var body: Int64 = 30_000_000_000
        /// Between two requests.
        package var idle: Int64 = 75_000_000_000
        /// From the end of the body to the commit.
        package var answer: Int64 = 4_000_000_000
        /// How long a drain takes everything as before.
        package var grace: Int64 = 0

        package init() {}
    }

    /// What is said about clients.
    package struct Clients: Sendable, Equatable {
        package var metadata = Metadata.allCases
        /// Networks whose forwarding headers count.
        package var proxies: [AddressRange] = []

        package init() {}
    }

    /// What a request, a connection and all of them may cost.
    package struct Limits: Sendable, Equatable {
        /// The longest body.
        package var messageBytesMax = 4 << 20
        package var connectionsMax = 8_192
        /// Bytes of bodies that are not in a ring yet; beyond it reading stops.
        package var bufferedBytesMax = 256 << 20

        package init() {}
    }

    /// Mode and group of the files of Unix sockets.
    package struct SocketFiles: Sendable, Equatable {
        package var mode: UInt32 = 0o660
        /// A group's number; nil for the process's own.
        package var group: UInt32?

        package init(mode: UInt32 = 0o660, group: UInt32? = nil) {
            self.mode = mode
            self.group = group
        }
    }

    package var name: String
    /// Event loops: each has a thread, and rings of its own.
    package var threads = 1
    /// `ADDRESS:PORT`, `unix:PATH` or `systemd:NAME`; port 0 lets the system choose.
    package var bind: [String]
    /// Listening sockets of the service manager, by name.
    package var passed: [String: [Int32]] = [:]
    package var profiles: Set<Profile> = [.segment, .events, .cloudevents, .pixel]
    /// In front of all paths: `/x7`, or nothing.
    package var prefix = ""
    /// The channel of events that name none.
    package var channel = "unknown"
    /// Whether events are looked up by their ids, so that duplicates are not written.
    package var deduplicates = true
    package var keys: WriteKeys
    package var webhooks = WebhookList([])
    /// Where links may lead; nil: the source has none.
    package var redirect: RedirectRule?
    package var limits = Limits()
    package var timeouts = Timeouts()
    package var clients = Clients()
    package var privacy = PrivacySettings()
    package var figures = RequestFigures()
    package var files = SocketFiles()
    /// Encryption; nil for none.
    package var certificate: CertificateBox?
    /// What SDKs are told to send to; nil: the host that they asked.
    package var apiHost: String?

    package init(name: String, bind: [String], keys: WriteKeys = WriteKeys([])) {
        self.name = name
        self.bind = bind
        self.keys = keys
    }

    /// The settings that the path knows.
    package var profile: SourceProfile {
        SourceProfile(
            name: name,
            kind: "http",
            channel: channel,
            isAnswered: true,
            deduplicates: deduplicates,
            places: threads
        )
    }
}
