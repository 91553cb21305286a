extension Settings.Source {
    /// The settings that only a source of pattern `http` has.
    package struct Edge: Sendable, Equatable {
        /// The kinds of paths that it answers.
        package enum Profile: String, Sendable, CaseIterable {
            case segment, events, cloudevents, pixel, snowplow, posthog

            /// Those that are on if none are chosen.
            static let usual: [Profile] = [.segment, .events, .cloudevents, .pixel]
        }

        /// What it notes about a request in the event's metadata.
        package enum Metadata: String, Sendable, CaseIterable {
            case key, ip, userAgent, origin, path
        }

        /// The oldest version of TLS that is spoken.
        package enum TLSVersion: String, Sendable, CaseIterable {
            case tls12 = "1.2"
            case tls13 = "1.3"
        }

        /// A certificate and its key in PEM; both or none.
        package struct TLS: Sendable, Equatable {
            package var certificate: String?
            package var key: String?
            package var minimum = TLSVersion.tls12

            package init(
                certificate: String? = nil,
                key: String? = nil,
                minimum: TLSVersion = .tls12
            ) {
                self.certificate = certificate
                self.key = key
                self.minimum = minimum
            }
        }

        /// A key with which clients send, and what it allows.
        package struct Key: Sendable, Equatable {
            package var name = ""
            package var key = ""
            /// As in the file: perhaps the name of a variable of the environment.
            var written = ""
            /// The channel of events that name none; nil for the source's.
            package var channel: String?
            /// The web sites that may use it.
            package var origins: [String] = []
            /// Requests per second; 0 is without limit.
            package var rate = 0

            package init(
                name: String = "",
                key: String = "",
                written: String = "",
                channel: String? = nil,
                origins: [String] = [],
                rate: Int = 0
            ) {
                self.name = name
                self.key = key
                self.written = written
                self.channel = channel
                self.origins = origins
                self.rate = rate
            }

            package static func == (left: Key, right: Key) -> Bool {
                left.name == right.name && left.key == right.key
                    && left.channel == right.channel && left.origins == right.origins
                    && left.rate == right.rate
            }
        }

        /// How long clients may take.
        package struct Timeouts: Sendable, Equatable {
            /// For the head of a request.
            package var header = Duration.seconds(10)
            /// For its body.
            package var body = Duration.seconds(30)
            /// Between two requests.
            package var idle = Duration.seconds(75)
            /// Until the commit; then the client is told to repeat the request.
            package var answer = Duration.seconds(4)
            /// How long a drain takes everything as before.
            package var grace = Duration.zero
        }

        /// What clients and their requests may cost.
        package struct Costs: Sendable, Equatable {
            package var connections = 8_192
            /// Bytes of bodies that are not in a ring yet.
            package var bufferedBytes = 256 << 20
        }

        /// Event loops, each with a thread and rings of its own.
        package var threads = 1
        package var profiles = Profile.usual
        /// In front of all paths, or nothing.
        package var prefix = ""
        package var tls = TLS()
        package var keys: [Key] = []
        package var webhooks: [Webhook] = []
        package var redirect = Redirect()
        /// Networks whose forwarding headers count.
        package var proxies: [String] = []
        package var metadata = Metadata.allCases
        package var privacy = Privacy()
        package var unknownKey = UnknownKey.refuse
        /// The host that SDKs are told to send to; nil: the one that they asked.
        package var apiHost: String?
        package var timeouts = Timeouts()
        package var costs = Costs()
    }

    private static var loopFields: [Field<Settings.Source>] {
        [Field("threads", \.edge.threads, as: .count(1...16, example: 2))]
    }

    /// The fields of ``edge``, in the order they are printed.
    static var edgeFields: [Field<Settings.Source>] {
        let second = Duration.seconds(1)
        return loopFields + [
            Field("profiles", \.edge.profiles, as: .choices()),
            Field("prefix", \.edge.prefix, as: .pathPrefix),
            Field("keys", \.edge.keys, as: .writeKeys, isLive: true),
            Field("unknownKey", \.edge.unknownKey, as: .choice, isLive: true),
            Field(
                "proxies",
                \.edge.proxies,
                as: .list(example: "[\"10.0.0.0/8\"]") { (text) throws(Complaint) in
                    try EdgeText.checkNetwork(text)
                }
            ),
            Field("metadata", \.edge.metadata, as: .choices()),
            Field(
                "connections",
                \.edge.costs.connections,
                as: .count(1...16_000, example: 8_192)
            ),
            Field(
                "buffered",
                \.edge.costs.bufferedBytes,
                as: .size(1 << 20...64 << 30, example: "256MiB")
            ),
            Field(
                "tls.certificate",
                \.edge.tls.certificate,
                as: .path(example: "/etc/touchpoint/edge.pem")
            ),
            Field("tls.key", \.edge.tls.key, as: .path(example: "/etc/touchpoint/edge.key")),
            Field("tls.minimum", \.edge.tls.minimum, as: .choice),
            Field("settings.apiHost", \.edge.apiHost, as: .apiHost),
            Field(
                "timeouts.header",
                \.edge.timeouts.header,
                as: .duration(second...(.seconds(600)), example: "10s")
            ),
            Field(
                "timeouts.body",
                \.edge.timeouts.body,
                as: .duration(second...(.seconds(3_600)), example: "30s")
            ),
            Field(
                "timeouts.idle",
                \.edge.timeouts.idle,
                as: .duration(second...(.seconds(3_600)), example: "75s")
            ),
            Field(
                "timeouts.answer",
                \.edge.timeouts.answer,
                as: .duration(.milliseconds(100)...(.seconds(600)), example: "4s")
            ),
            Field(
                "timeouts.grace",
                \.edge.timeouts.grace,
                as: .duration(.zero...(.seconds(600)), example: "0s")
            ),
        ] + privacyFields + signedFields
    }
}
