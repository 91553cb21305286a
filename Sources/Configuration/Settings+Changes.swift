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

    /// What differs in sources and applies at once: fields, mode of the plan, write keys, webhooks, privacy.
    private func changedKeys(from old: Settings) -> [String] {
        sources.flatMap { source in
            guard let before = old.sources.first(where: { $0.name == source.name }) else {
                return [String]()
            }
            let keys =
                (source.mapping == before.mapping ? [] : ["fields"])
                + (source.plan == before.plan ? [] : ["plan"])
                + source.edge.changedLive(from: before.edge)
            return keys.map { "sources.\(source.name).\($0)" }
        }
    }

    /// The sources with what another configuration has for them and applies at once.
    package func sources(withLiveOf fresh: Settings) -> [Source] {
        sources.map { source in
            var source = source
            if let other = fresh.sources.first(where: { $0.name == source.name }) {
                source.edge = source.edge.with(liveOf: other.edge)
                source.mapping = other.mapping
                source.plan = other.plan
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
            before.edge = before.edge.with(liveOf: source.edge)
            before.mapping = source.mapping
            before.plan = source.plan
            return source != before
        }
        return (changed.map(\.name) + removed).map { "sources.\($0)" }
    }
}
