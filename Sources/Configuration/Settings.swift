/// The checked configuration of one daemon, which `SettingsReader` reads from a YAML file.
///
/// A plain value without file names, environment or YAML. The code that starts a stage translates
/// the stage's part into the stage's own `Configuration`. Sizes are bytes.
package struct Settings: Sendable, Equatable {
    /// This collector's name in file names and records: `[A-Za-z0-9._-]{1,64}`, no leading dot.
    package var node = Settings.hostNode
    /// The most sources of a collector.
    package static let sourcesMax = 1_000
    /// The sources of events, at least one; names and bind endpoints are unique.
    package var sources = Settings.defaultSources
    /// The limits of one event and one message.
    package var limits = Limits()
    /// The rings between receivers and writers.
    package var ring = Ring()
    /// The number of writer threads.
    package var writers = Writers.auto
    /// How events are distributed over folders.
    package var partition = Partition()
    /// How segments are compressed.
    package var compression = Compression()
    /// When written events are made durable.
    package var commit = Commit()
    /// When a segment is sealed.
    package var segment = Segment()
    /// How long ids are remembered to detect duplicates.
    package var dedup = Dedup()
    /// How many rejected pieces are stored, and how long.
    package var quarantine = Quarantine()
    /// What events must be.
    package var plan = Plan()
    /// The data folder and its limits.
    package var storage = Storage()
    /// The operators' socket.
    package var control = Control()
    /// The Prometheus endpoint.
    package var metrics = Metrics()
    /// How long a drain may take.
    package var shutdown = Shutdown()
    /// The log of the daemon.
    package var log = Log()

    /// The defaults of an empty configuration file.
    package init() {}
}

extension Settings {
    /// A socket that receives events.
    package struct Source: Sendable, Equatable {
        /// How producers send: the ZeroMQ socket type on the collector's side, or HTTP.
        package enum Pattern: String, Sendable, CaseIterable {
            /// PULL: producers PUSH, nothing is acknowledged.
            case pull
            /// SUB: producers PUB, nothing is acknowledged.
            case sub
            /// ROUTER: producers DEALER or REQ, every message is acknowledged when durable.
            case router
            /// Clients POST, every request is answered when durable.
            case http
        }

        /// Who may send to a source.
        package struct Access: Sendable, Equatable {
            /// Keys, without which nobody may connect; nil folder and file: no encryption.
            package var curve = Curve()
            /// Whether producers without a key may connect from other machines.
            package var strangers = Strangers.refused
            /// The files of its `ipc://` endpoints.
            package var socket = SocketFile()
        }

        /// Where the keys of a source are (CURVE, ZeroMQ RFC 26); both or none.
        package struct Curve: Sendable, Equatable {
            /// The folder of the producers' public certificates.
            package var keys: String?
            /// The collector's own secret certificate.
            package var secret: String?
        }

        /// Whether producers without a key may connect from other machines.
        package enum Strangers: String, Sendable, CaseIterable {
            case refused, allowed
        }

        /// Who may connect to a Unix socket.
        package struct SocketFile: Sendable, Equatable {
            /// Permission bits, 0…0o777.
            package var mode: UInt32 = 0o660
            /// The file's group; nil: the daemon's.
            package var group: String?
        }

        /// What receives the messages of a source.
        package enum Engine: String, Sendable, CaseIterable {
            /// ``native`` where it can, else ``libzmq``.
            case auto
            /// The collector's own listener; for `pull` and `router` that only bind.
            case native
            /// A socket of libzmq.
            case libzmq
        }

        /// Its name in records, ledger and control: `[A-Za-z0-9._-]{1,64}`, no leading dot.
        package var name = ""
        /// The socket type.
        package var pattern = Pattern.pull
        /// Endpoints to listen on, `tcp://` or `ipc://` as libzmq takes them; for `http`
        /// `ADDRESS:PORT` or `unix:PATH`.
        package var bind: [String] = []
        /// Endpoints to connect to, `tcp://` or `ipc://`, as libzmq takes them.
        package var connect: [String] = []
        /// The channel of events without one.
        package var channel = "unknown"
        /// Topic prefixes to subscribe to; only `sub` uses them, `""` is everything.
        package var topics = [""]
        /// Messages that libzmq may hold for one peer, 1…1,000,000.
        package var highWaterMark = 1000
        /// What is done with what the plan says of its events.
        package var plan: Plan.SourceMode {
            get { planMode }
            set { planMode = newValue }
        }
        private var planMode = Plan.SourceMode.default
        /// What receives its messages.
        package var engine = Engine.auto
        /// Where its events have what they are known by.
        package var mapping: Mapping {
            get { mappingChoice }
            set { mappingChoice = newValue }
        }
        /// Who may send to it.
        package var access = Access()
        /// What only pattern `http` has.
        package var edge = Edge()
        /// Whether the collector's own listener can receive its messages.
        package var canBeNative: Bool { [.pull, .router].contains(pattern) && connect.isEmpty }
        /// Whether the collector's own listener receives its messages.
        package var isNative: Bool { engine == .native || engine == .auto && canBeNative }
        /// The value of `dedup` in the file; nil if it is missing or the default.
        private var dedupChoice: Switch?
        /// The value of `fields`.
        private var mappingChoice = Mapping()
        /// Whether topics are channels; only `sub` uses it.
        package var topicChannel: Switch {
            get { topicChoice }
            set { topicChoice = newValue }
        }
        private var topicChoice = Switch.off

        /// The defaults of the configuration.
        package init() {}
    }

    /// A switch: on or off.
    package enum Switch: String, Sendable, CaseIterable {
        case on, off
    }

    /// How long ids are remembered to detect duplicates, for sources with `dedup` on.
    package struct Dedup: Sendable, Equatable {
        /// How long an id is remembered; whole seconds, 1 s…7 days.
        package var window = Duration.seconds(86_400)
        /// Memory for ids; the oldest are removed when it does not suffice.
        package var memoryBytesMax = 256 << 20

        /// The defaults of the configuration.
        package init() {}
    }

    /// How many rejected pieces are stored, and how long.
    package struct Quarantine: Sendable, Equatable {
        /// Bytes of all its files; 0 is no limit.
        package var bytesMax = 1 << 30
        /// The percentage of ``bytesMax`` that each producer may use, 1…100.
        package var perProducer = 10
        /// How long a sealed file is stored; 0 is without limit.
        package var ageMax = Duration.seconds(30 * 86_400)

        /// The defaults of the configuration.
        package init() {}
    }

    /// The rings between receivers and writers.
    package struct Ring: Sendable, Equatable {
        /// Bytes of one ring: a power of two, at least four times `limits.messageBytesMax`.
        package var capacityBytes = 64 << 20

        /// The defaults of the configuration.
        package init() {}
    }

    /// The number of writer threads.
    package enum Writers: Sendable, Equatable {
        /// A number chosen for the machine.
        case auto
        /// Exactly this many, 1…255.
        case count(Int)
    }

    /// How events are distributed over folders.
    package struct Partition: Sendable, Equatable {
        /// The time that determines `{date}` and `{hour}`.
        package enum Time: String, Sendable, CaseIterable {
            /// The time of receipt: folders close after the clock has passed them.
            case received
            /// The time in the event, if it has a readable one.
            case event
        }

        /// What is late, and where it goes.
        package struct Late: Sendable, Equatable {
            /// The folder of late events.
            package enum Into: String, Sendable, CaseIterable {
                /// That of the time of receipt.
                case received
                /// Their own, `date=__late__`.
                case late
            }

            /// The longest time between an event and its receipt; zero for any.
            package var after = Duration.seconds(48 * 3_600)
            /// The folder of later ones.
            package var into = Into.received

            /// The defaults of the configuration.
            package init() {}
        }

        /// Folder template below `events/`, with the placeholders of `PartitionPathRule`.
        package var path = "channel={channel}/date={date}/hour={hour}"
        /// The time that determines `{date}` and `{hour}`.
        package var time = Time.received
        /// Which events are late, with ``time`` `event`.
        package var late = Late()
        /// How far an event's time may be ahead of the clock; zero for any time.
        package var future = Duration.seconds(300)
        /// Open segments per writer; beyond it the least recently used one is sealed.
        package var maxOpen = 256
        /// Distinct values per key and hour; beyond it events go to `__other__`.
        package var maxValues = 64

        /// The defaults of the configuration.
        package init() {}
    }

    /// How segments are compressed.
    package struct Compression: Sendable, Equatable {
        /// The file format.
        package enum Codec: String, Sendable, CaseIterable {
            /// One gzip member per file (RFC 1952).
            case gzip
        }

        /// The library that compresses.
        package enum Engine: String, Sendable, CaseIterable {
            /// ISA-L for levels 1…3, zlib above.
            case auto
            /// ISA-L, levels 1…3 only.
            case isal
            /// zlib.
            case zlib
        }

        /// The file format.
        package var codec = Codec.gzip
        /// The library that compresses.
        package var engine = Engine.auto
        /// 1 (fast) … 9 (small).
        package var level = 1

        /// The defaults of the configuration.
        package init() {}
    }

    /// When written events are made durable and acknowledged.
    package struct Commit: Sendable, Equatable {
        /// The longest an event waits for its commit, 1 ms…1 m.
        package var interval = Duration.milliseconds(100)

        /// The defaults of the configuration.
        package init() {}
    }

    /// When a segment is sealed: whichever comes first.
    package struct Segment: Sendable, Equatable {
        /// Compressed bytes.
        package var bytesMax = 64 << 20
        /// Since it was opened.
        package var ageMax = Duration.seconds(300)
        /// Since its last event.
        package var idle = Duration.seconds(60)

        /// The defaults of the configuration.
        package init() {}
    }

    /// The data folder and its limits.
    package struct Storage: Sendable, Equatable {
        /// The data folder; relative paths count from the working folder.
        package var directory = "/var/lib/touchpoint"
        /// Free bytes below which intake stops.
        package var minimumFreeBytes = 512 << 20

        /// The defaults of the configuration.
        package init() {}
    }

    /// The operators' socket.
    package struct Control: Sendable, Equatable {
        /// Path of the Unix socket, at most 107 bytes.
        package var socket = "/run/touchpoint/control.sock"
        /// Its permission bits, 0…0o777.
        package var mode: UInt32 = 0o660
        /// The group whose members may use changing verbs; nil: the socket file's.
        package var group: String?

        /// The defaults of the configuration.
        package init() {}
    }

    /// The Prometheus endpoint.
    package struct Metrics: Sendable, Equatable {
        /// `host:port`, or nil for no endpoint.
        package var listen: String?

        /// The defaults of the configuration.
        package init() {}
    }

    /// How long a drain may take.
    package struct Shutdown: Sendable, Equatable {
        /// From SIGTERM to the last sealed segment, 1 s…1 h.
        package var timeout = Duration.seconds(60)

        /// The defaults of the configuration.
        package init() {}
    }

    /// The log of the daemon.
    package struct Log: Sendable, Equatable {
        /// The least severe record that is written; the names are those of the configuration.
        package enum Level: String, Sendable, CaseIterable {
            case debug, info, notice, warning, error
        }

        /// The form of a record.
        package enum Format: String, Sendable, CaseIterable {
            /// A line of text for people.
            case text
            /// A JSON object per line.
            case json
        }

        /// The least severe record that is written.
        package var level = Level.info
        /// The form of a record.
        package var format = Format.text

        /// The defaults of the configuration.
        package init() {}
    }
}

extension Settings.Source {
    /// Whether a duplicate, recognised by its id, is not written again.
    ///
    /// On by default if producers are answered: others cannot know what arrived, so they do not
    /// resend.
    package var dedup: Settings.Switch {
        get { dedupChoice ?? standard }
        set { dedupChoice = newValue }
    }

    private var standard: Settings.Switch {
        pattern == .router || pattern == .http ? .on : .off
    }

    /// Resets a choice that is the default; after all of the source has been read.
    mutating func settle() {
        if dedupChoice == standard { dedupChoice = nil }
    }
}
