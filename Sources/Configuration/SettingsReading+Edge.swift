/// Checks of sources of pattern `http`.
extension SettingsReading {
    /// What such a source needs, and what it has no use for.
    mutating func checkEdge(of source: Settings.Source, context: String) {
        checkEdgeEndpoints(of: source, context: context)
        checkUnused(of: source, context: context)
        if (source.edge.tls.certificate == nil) != (source.edge.tls.key == nil) {
            let missing = source.edge.tls.certificate == nil ? "certificate" : "key"
            refuse(
                "\(context).tls",
                because: "\(context).tls: '\(missing)' is missing; it needs the certificate and its"
                    + " key, both in PEM"
            )
        }
        if source.edge.profiles.isEmpty, source.edge.webhooks.isEmpty,
            !wasRefused("\(context).webhooks"), !wasRefused("\(context).profiles")
        {
            refuse(
                "\(context).profiles",
                because: "\(context).profiles: an empty list would answer no path; expected some of"
                    + " segment, events, cloudevents, pixel"
            )
        }
    }

    private mutating func checkEdgeEndpoints(of source: Settings.Source, context: String) {
        if let wrong = source.bind.first(where: { !Endpoint.isHTTP($0) }) {
            refuse(
                "\(context).bind",
                because: "\(context).bind: '\(wrong)' is an endpoint of ZeroMQ; pattern http has"
                    + " ADDRESS:PORT, unix:PATH or systemd:NAME, such as 127.0.0.1:8080"
            )
            return
        }
        let open = source.bind.first { !Endpoint.isLocal($0) }
        // The senders of webhooks prove who they are.
        let isOpen = source.edge.keys.isEmpty && !source.edge.profiles.isEmpty
        guard let open, isOpen, !wasRefused("\(context).keys") else { return }
        refuse(
            open: open,
            of: context,
            instead: "give the source 'keys', or bind to 127.0.0.1 or unix:PATH"
        )
    }

    private mutating func checkUnused(of source: Settings.Source, context: String) {
        let unused = [
            ("connect", !source.connect.isEmpty),
            ("curve", source.access.curve != Settings.Source.Curve()),
            ("engine", source.engine != .auto),
            ("strangers", source.access.strangers != .refused),
        ]
        for (name, isUsed) in unused where isUsed && !wasRefused("\(context).\(name)") {
            refuse(
                "\(context).\(name)",
                because: "\(context).\(name): pattern http has no '\(name)'"
            )
        }
    }

    /// What only pattern http has must not be set elsewhere, where it would have no effect.
    mutating func checkNoEdge(of source: Settings.Source, context: String) {
        if let wrong = source.bind.first(where: { Endpoint.isHTTP($0) }) {
            refuse(
                "\(context).bind",
                because: "\(context).bind: '\(wrong)' is no endpoint of ZeroMQ, expected"
                    + " tcp://127.0.0.1:5571 or ipc:///run/touchpoint/ingest.sock"
            )
        }
        let standard = Settings.Source()
        for field in Settings.Source.edgeFields
        where field.print(source) != field.print(standard) {
            refuse(
                "\(context).\(field.key)",
                because: "\(context).\(field.key): only pattern http has it, not"
                    + " \(source.pattern.rawValue)"
            )
        }
    }
}
