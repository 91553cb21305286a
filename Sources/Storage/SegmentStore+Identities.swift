import Archive
package import Disk

/// Collects the ids of sources with `dedup` on for files beside the segments.
extension SegmentStore {
    /// Moves a segment's ids into the batch if there are enough of them for a write.
    func takeIdentities(_ segment: OpenSegment, _ slot: Int) {
        guard identities[slot].count >= IdentityList.takenFrom else { return }
        batch.identities.append(part(segment, slot, end: nil))
    }

    /// Moves the remaining ids of a sealed segment into the batch.
    ///
    /// The file gets its end only if the list contains every event of the segment.
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

    /// The sources' names, except those whose ids are not stored.
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
    /// Writes the ids of durable events beside the segments; on the committer's thread, after its
    /// other work.
    package func writeIdentities(in fileSystem: any FileSystem) {
        for part in identities { IdentityFile.append(part, in: fileSystem) }
    }
}
