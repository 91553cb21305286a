import Disk
import Storage
import Synchronization

/// What a writer tells the rest of the pipeline about the disk of its segments.
struct WriterDisk {
    let writer: Int
    let storage: StorageState
    let folders: DurableFolders
    let notify: @Sendable (PipelineNotice) -> Void

    /// Whether free space is below the minimum, or the reserve is in use.
    var lacksRoom: Bool { storage.lacksRoom.load(ordering: .relaxed) }

    static func failureText(_ error: FileSystemError) -> String {
        "the disk failed (\(error)); the file is being replaced, nothing since is acknowledged"
    }

    /// Blocks intake: the disk has failed a segment.
    func block(_ error: FileSystemError) {
        storage.block(.failed(writer), Self.failureText(error))
        notify(.segmentFailed(error))
    }

    /// Replaces the store's failed segments, and lets the committer resume; returns false if the
    /// disk still fails.
    func replaceSegments(
        of store: SegmentStore,
        in batch: inout CommitBatch,
        shared: WriterShared
    ) -> Bool {
        do throws(FileSystemError) {
            let replaced = try store.replace(failed: shared.haltError?.path, folders: folders)
            store.settle(&batch, replaced: replaced)
            shared.resume { store.settle(&$0, replaced: replaced) }
            notify(.segmentsReplaced(replaced.sorted()))
            return true
        } catch {
            storage.block(
                .failed(writer),
                "the disk still fails (\(error)); nothing since is acknowledged; trying again"
            )
            return false
        }
    }

    /// Lets intake resume: all failed segments are replaced.
    func unblock() {
        storage.unblock(.failed(writer))
    }
}
