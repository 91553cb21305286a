extension Settings {
    /// Returns the dotted keys in which `self`, just read, differs from `old`, which is in force.
    ///
    /// `live`: a running daemon applies these at once. `needsRestart`: these apply from the next
    /// start. A source that was added, removed or changed appears as `sources.NAME`.
    package func changes(from old: Settings) -> (live: [String], needsRestart: [String]) {
        var live: [String] = []
        var needsRestart: [String] = []
        for field in Settings.fields where field.print(self) != field.print(old) {
            if field.isLive {
                live.append(field.key)
            } else {
                needsRestart.append(field.key)
            }
        }
        live += changedKeys(from: old)
        return (live, needsRestart + changedSources(from: old))
    }

    /// The sources whose write keys or webhooks differ: those apply at once.
    private func changedKeys(from old: Settings) -> [String] {
        sources.flatMap { source in
            guard let before = old.sources.first(where: { $0.name == source.name }) else {
                return [String]()
            }
            let changes = [
                ("keys", before.edge.keys != source.edge.keys),
                ("webhooks", before.edge.webhooks != source.edge.webhooks),
            ]
            return changes.filter(\.1).map { "sources.\(source.name).\($0.0)" }
        }
    }

    /// The sources with the write keys and webhooks that another configuration has for them.
    package func sources(withKeysOf fresh: Settings) -> [Source] {
        sources.map { source in
            var source = source
            if let other = fresh.sources.first(where: { $0.name == source.name }) {
                source.edge.keys = other.edge.keys
                source.edge.webhooks = other.edge.webhooks
            }
            return source
        }
    }

    private func changedSources(from old: Settings) -> [String] {
        let names = sources.map(\.name)
        let removed = old.sources.map(\.name).filter { !names.contains($0) }
        let changed = sources.filter { source in
            guard var before = old.sources.first(where: { $0.name == source.name }) else {
                return true
            }
            before.edge.keys = source.edge.keys
            before.edge.webhooks = source.edge.webhooks
            return source != before
        }
        return (changed.map(\.name) + removed).map { "sources.\($0)" }
    }
}
