import Archive
package import Disk

/// The ids of sources with `dedup` on, on their way into files beside the segments.
extension SegmentStore {
    /// Takes a segment's ids out when there are enough of them for a write.
    func takeIdentities(_ segment: OpenSegment, _ slot: Int) {
        guard identities[slot].count >= IdentityList.takenFrom else { return }
        batch.identities.append(part(segment, slot, end: nil))
    }

    /// Takes out what is left of a sealed segment's ids.
    ///
    /// The file gets its end only when the list has seen every event that stands in the segment.
    func endIdentities(_ segment: OpenSegment, _ slot: Int) {
        let list = identities[slot]
        defer { list.free() }
        guard list.events > 0 else { return }
        let tallies = pendings[slot].tallies
        let filed = configuration.deduplicated.reduce(0) { $0 + tallies[$1].events }
        guard filed == list.events else { return }
        let end = IdentityEnd(ids: list.ids, lastSeconds: list.lastSeconds)
        batch.identities.append(part(segment, slot, end: end))
    }

    /// The sources' names, but for those whose ids are not kept.
    private var sourcesWithIdentities: [String] {
        configuration.sources.indices.map {
            configuration.deduplicated.contains($0)
                ? configuration.sources[$0] : IdentityFile.noSource
        }
    }

    private func part(_ segment: OpenSegment, _ slot: Int, end: IdentityEnd?) -> IdentityPart {
        let isFirst = !identities[slot].isBegun
        identities[slot].isBegun = true
        return IdentityPart(
            segment: segment.sealedPath,
            sources: isFirst ? sourcesWithIdentities : nil,
            contentCheck: configuration.contentCheck,
            entries: identities[slot].take(),
            end: end
        )
    }
}

extension CommitBatch {
    /// Writes the ids of what has become durable beside the segments; for the committer's thread,
    /// when nobody waits for it any more.
    package func writeIdentities(in fileSystem: any FileSystem) {
        for part in identities { IdentityFile.append(part, in: fileSystem) }
    }
}
