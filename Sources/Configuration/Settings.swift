/// The whole configuration of one daemon, checked: what `SettingsReader` makes of a YAML file.
///
/// A plain value without file names, environment or YAML in it; whoever starts a stage translates
/// the part that concerns the stage into the stage's own `Configuration`. Sizes are bytes.
package struct Settings: Sendable, Equatable {
    /// This collector's name in file names and records: `[A-Za-z0-9._-]{1,64}`, no leading dot.
    package var node = Settings.hostNode
    /// Where events come in, at least one; names and bind endpoints are unique.
    package var sources = Settings.defaultSources
    /// What one event and one message may be.
    package var limits = Limits()
    /// The rings between receivers and writers.
    package var ring = Ring()
    /// How many writer threads there are.
    package var writers = Writers.auto
    /// How events are spread over folders.
    package var partition = Partition()
    /// How segments are compressed.
    package var compression = Compression()
    /// When written events are made durable.
    package var commit = Commit()
    /// When a segment is sealed.
    package var segment = Segment()
    /// How long events are recognised that come again.
    package var dedup = Dedup()
    /// How much of what cannot be accepted is kept, and how long.
    package var quarantine = Quarantine()
    /// Where files go.
    package var storage = Storage()
    /// The operators' socket.
    package var control = Control()
    /// The Prometheus endpoint.
    package var metrics = Metrics()
    /// How long a drain may take.
    package var shutdown = Shutdown()
    /// What the daemon says about itself.
    package var log = Log()

    /// The defaults of a configuration file that says nothing.
    package init() {}
}

extension Settings {
    /// One socket that events come in by.
    package struct Source: Sendable, Equatable {
        /// How producers and this source talk; the ZeroMQ socket type on the collector's side.
        package enum Pattern: String, Sendable, CaseIterable {
            /// PULL: producers PUSH, nothing is acknowledged.
            case pull
            /// SUB: producers PUB, nothing is acknowledged.
            case sub
            /// ROUTER: producers DEALER or REQ, every message is acknowledged when durable.
            case router
        }

        /// Its name in records, ledger and control: `[A-Za-z0-9._-]{1,64}`, no leading dot.
        package var name = ""
        /// The socket type.
        package var pattern = Pattern.pull
        /// Endpoints to listen on, `tcp://` or `ipc://`, as libzmq takes them.
        package var bind: [String] = []
        /// Endpoints to connect to, `tcp://` or `ipc://`, as libzmq takes them.
        package var connect: [String] = []
        /// The channel of events that carry none.
        package var channel = "unknown"
        /// Topic prefixes to subscribe to; only `sub` looks at them, `""` is everything.
        package var topics = [""]
        /// Messages that libzmq may hold for one peer, 1…1,000,000.
        package var highWaterMark = 1000
        /// Whether peers that speak ZMTP 1 or 2 are let in; on loopback and `ipc://` only.
        package var legacy = Switch.off
        /// What the file says of `dedup`; nil where it says nothing or what is the default.
        private var dedupChoice: Switch?

        /// The defaults of the configuration.
        package init() {}
    }

    /// Something that is on or off.
    package enum Switch: String, Sendable, CaseIterable {
        case on, off
    }

    /// How long events are recognised that come again, for sources with `dedup` on.
    package struct Dedup: Sendable, Equatable {
        /// How long an id is remembered; whole seconds, 1 s…7 days.
        package var window = Duration.seconds(86_400)
        /// Memory for ids; the oldest are forgotten when it does not suffice.
        package var memoryBytesMax = 256 << 20

        /// The defaults of the configuration.
        package init() {}
    }

    /// How much of what cannot be accepted is kept, and how long.
    package struct Quarantine: Sendable, Equatable {
        /// Bytes of all its files; 0 is no limit.
        package var bytesMax = 1 << 30
        /// How long a sealed file is kept; 0 is for ever.
        package var ageMax = Duration.seconds(30 * 86_400)

        /// The defaults of the configuration.
        package init() {}
    }

    /// What one event and one message may be; beyond it they are quarantined or rejected.
    package struct Limits: Sendable, Equatable {
        /// The longest event, in bytes.
        package var eventBytesMax = 1 << 20
        /// The longest message, in bytes; also what a compressed payload may inflate to.
        package var messageBytesMax = 4 << 20
        /// The most events in one message.
        package var eventsPerMessageMax = 100_000
        /// The deepest nesting of objects and arrays, 1…1024.
        package var depthMax = 64
        /// The most connections of a source at once.
        package var connectionsMax = 1_000

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

    /// How many writer threads there are.
    package enum Writers: Sendable, Equatable {
        /// As many as the machine suggests.
        case auto
        /// Exactly so many, 1…255.
        case count(Int)
    }

    /// How events are spread over folders.
    package struct Partition: Sendable, Equatable {
        /// Which time decides on `{date}` and `{hour}`.
        package enum Time: String, Sendable, CaseIterable {
            /// When the collector got it: folders close behind the clock.
            case received
            /// What the event says, where it says anything readable.
            case event
        }

        /// Folder template below `events/`, with the placeholders of `PartitionPathRule`.
        package var path = "channel={channel}/date={date}/hour={hour}"
        /// Which time decides on `{date}` and `{hour}`.
        package var time = Time.received
        /// Open segments a writer; beyond it the least recently used one is sealed.
        package var maxOpen = 256
        /// Distinct values a key and hour; beyond it events go to `__other__`.
        package var maxValues = 64

        /// The defaults of the configuration.
        package init() {}
    }

    /// How segments are compressed.
    package struct Compression: Sendable, Equatable {
        /// The file format.
        package enum Codec: String, Sendable, CaseIterable {
            /// One gzip member a file (RFC 1952).
            case gzip
        }

        /// Who deflates.
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
        /// Who deflates.
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

    /// Where files go.
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
        /// The group whose members may steer the daemon; nil: the socket file's.
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

    /// What the daemon says about itself.
    package struct Log: Sendable, Equatable {
        /// The least severe record that is written; the names are those of the configuration.
        package enum Level: String, Sendable, CaseIterable {
            case debug, info, notice, warning, error
        }

        /// How a record looks.
        package enum Format: String, Sendable, CaseIterable {
            /// A line for people.
            case text
            /// An object a line.
            case json
        }

        /// The least severe record that is written.
        package var level = Level.info
        /// How a record looks.
        package var format = Format.text

        /// The defaults of the configuration.
        package init() {}
    }
}

extension Settings.Source {
    /// Whether an event that comes again, by its id, is not written again.
    ///
    /// By default where producers are answered: others cannot know what arrived, so they do not
    /// send again.
    package var dedup: Settings.Switch {
        get { dedupChoice ?? standard }
        set { dedupChoice = newValue }
    }

    private var standard: Settings.Switch { pattern == .router ? .on : .off }

    /// Forgets a choice that is the default; when all of the source has been read.
    mutating func settle() {
        if dedupChoice == standard { dedupChoice = nil }
    }
}
