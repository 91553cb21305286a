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
        return (live, needsRestart + changedSources(from: old))
    }

    private func changedSources(from old: Settings) -> [String] {
        let names = sources.map(\.name)
        let removed = old.sources.map(\.name).filter { !names.contains($0) }
        let changed = sources.filter { source in
            source != old.sources.first { $0.name == source.name }
        }
        return (changed.map(\.name) + removed).map { "sources.\($0)" }
    }
}
