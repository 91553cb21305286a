import Archive

/// A step omitted or done in the wrong order, which the explorer must detect.
package enum Weakening: String, CaseIterable, Sendable {
    /// Returns success and does nothing.
    case datasyncDoesNothing = "datasync does nothing"
    case folderSyncDoesNothing = "folder sync does nothing"
    /// Only folders that contain folders.
    case parentsAreNotSynced = "names of new folders are not synced"
    case acknowledgesBeforeCommit = "acknowledgement before the commit"
    case manifestBeforeRename = "manifest line before the rename"
    case tornManifestIsNotEnded = "torn manifest line is not ended"
    case recoveryDoesNotSyncCopies = "recovery does not sync its copies"
    case recoveryRemovesFirst = "recovery removes before the new name is synced"
    case recoveryDeletesDamaged = "recovery deletes what it cannot read"
    case recoveryTrustsLength = "recovery takes the last flush without its check"

    /// Whether it weakens only the recovery.
    package var isOfRecovery: Bool {
        switch self {
        case .recoveryDoesNotSyncCopies, .recoveryRemovesFirst, .recoveryDeletesDamaged,
            .recoveryTrustsLength, .tornManifestIsNotEnded:
            true
        default: false
        }
    }

    func skipsDatasync(_ path: String) -> Bool {
        switch self {
        case .datasyncDoesNothing: true
        case .recoveryDoesNotSyncCopies: path.hasSuffix(SegmentFormat.copySuffix)
        default: false
        }
    }

    func skipsFolderSync(_ folder: Int, in state: DiskState) -> Bool {
        switch self {
        case .folderSyncDoesNothing, .recoveryRemovesFirst: true
        case .parentsAreNotSynced:
            state.paths.places[folder].inner.contains { state.names[$0] == .folder }
        default: false
        }
    }
}

extension DiskState {
    /// Makes the last removal durable before all earlier changes.
    mutating func syncLastRemoval() {
        guard let change = pendingNames.popLast() else { return }
        durableNames.apply(change)
    }
}
