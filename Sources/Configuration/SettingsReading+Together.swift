import Dedup

extension SettingsReading {
    /// Checks the rules that concern several keys.
    ///
    /// If one of the values was refused already, the check is skipped: it would report a default
    /// that nobody wrote.
    mutating func checkTogether() {
        checkSizes()
        checkCompression()
        checkSources()
    }

    private mutating func checkSizes() {
        let limits = settings.limits
        guard !wasRefused("limits.event"), !wasRefused("limits.message") else { return }
        if limits.eventBytesMax > limits.messageBytesMax {
            refuse(
                "limits.event",
                "limits.message",
                because: "limits.event: \(Size.text(limits.eventBytesMax)) is more than"
                    + " limits.message, \(Size.text(limits.messageBytesMax))"
            )
        }
        let capacity = settings.ring.capacityBytes
        guard !wasRefused("ring.capacity") else { return }
        if capacity.nonzeroBitCount != 1 {
            refuse(
                "ring.capacity",
                because: "ring.capacity: \(Size.text(capacity)) is no power of two,"
                    + " such as 64MiB"
            )
        } else if capacity / 4 < limits.messageBytesMax {
            refuse(
                "ring.capacity",
                "limits.message",
                because: "ring.capacity: \(Size.text(capacity)) is less than 4 times"
                    + " limits.message, \(Size.text(limits.messageBytesMax))"
            )
        }
    }

    private mutating func checkCompression() {
        let compression = settings.compression
        guard compression.engine == .isal, compression.level > 3 else { return }
        refuse(
            "compression.level",
            "compression.engine",
            because: "compression.level: engine isal has levels 1...3, not \(compression.level);"
                + " use engine auto or zlib"
        )
    }

    private mutating func checkSources() {
        var names: [String: Int] = [:]
        var endpoints: [String: String] = [:]
        for (index, source) in settings.sources.enumerated() where wasSet("sources") {
            let context = "sources[\(index)]"
            if wasSet("\(context).name"), let first = names.updateValue(index, forKey: source.name)
            {
                names[source.name] = first
                refuse(
                    "\(context).name",
                    because: "\(context).name: '\(source.name)' is also the name of"
                        + " sources[\(first)]"
                )
            }
            checkEndpoints(of: source, context: context, seen: &endpoints)
            checkEngine(of: source, context: context)
            if source.pattern == .http {
                checkEdge(of: source, context: context)
            } else {
                checkKeys(of: source, context: context)
                checkNoEdge(of: source, context: context)
            }
            if source.pattern != .sub, source.topicChannel == .on {
                refuse(
                    "\(context).topicIsChannel",
                    because: "\(context).topicIsChannel: only pattern sub has topics, not"
                        + " \(source.pattern.rawValue)"
                )
            }
            if source.pattern != .sub, source.topics != [""], wasSet("\(context).pattern") {
                refuse(
                    "\(context).topics",
                    because: "\(context).topics: only pattern sub has topics, not"
                        + " \(source.pattern.rawValue)"
                )
            }
        }
    }

    private mutating func checkEndpoints(
        of source: Settings.Source,
        context: String,
        seen: inout [String: String]
    ) {
        for endpoint in source.bind where Endpoint.isExclusive(endpoint) {
            if let other = seen.updateValue(context, forKey: endpoint) {
                seen[endpoint] = other
                refuse(
                    "\(context).bind",
                    because: "\(context).bind: '\(endpoint)' is already bound by \(other)"
                )
            }
        }
        if source.bind.isEmpty, source.connect.isEmpty, wasSet(context),
            !wasRefused("\(context).bind"), !wasRefused("\(context).connect")
        {
            refuse(
                "\(context).bind",
                "\(context).connect",
                context,
                because: "\(context): nothing to bind and nothing to connect to"
            )
        }
    }

    private mutating func checkEngine(of source: Settings.Source, context: String) {
        guard source.engine == .native, !source.canBeNative else { return }
        let isOther = source.pattern == .sub || source.pattern == .http
        let what = isOther ? "pattern \(source.pattern.rawValue)" : "connect"
        refuse(
            "\(context).engine",
            because: "\(context).engine: native cannot be combined with \(what); use auto or libzmq"
        )
    }

    /// Keys are both or none, and only the native engine knows them; without them, everybody in the
    /// network could send.
    private mutating func checkKeys(of source: Settings.Source, context: String) {
        if (source.access.curve.keys == nil) != (source.access.curve.secret == nil) {
            let missing = source.access.curve.keys == nil ? "keys" : "secret"
            refuse(
                "\(context).curve",
                because: "\(context).curve: '\(missing)' is missing; it needs the folder of the"
                    + " producers' keys and the collector's own secret file"
            )
        }
        if source.access.curve.keys != nil {
            guard !source.isNative, !wasRefused("\(context).engine") else { return }
            refuse(
                "\(context).curve",
                because: "\(context).curve: only engine native has it, for pull and router without"
                    + " 'connect'"
            )
            return
        }
        let open = source.bind.first { !Endpoint.isLocal($0) }
        guard let open, source.access.strangers == .refused else { return }
        refuse(
            open: open,
            of: context,
            instead: "give the source 'curve', or set 'strangers: allowed'"
        )
    }

    /// Refuses an endpoint of a source where everybody in the network could send.
    mutating func refuse(open endpoint: String, of context: String, instead: String) {
        refuse(
            "\(context).bind",
            because:
                "\(context).bind: '\(endpoint)' can be reached from other machines, and nothing"
                + " proves who sends; \(instead)"
        )
    }

    /// Whether a problem with `key` was reported already.
    func wasRefused(_ key: String) -> Bool {
        problems.contains { $0.message.hasPrefix("\(key):") }
    }
}
