// The files on the disk, and when each part of them is valid.
//
// The data folder:
//
//     events/channel=web/date=2026-11-22/hour=10/
//         part-c1-0-20261122T100000.123Z-0.ndjson.gz                  a sealed segment
//         .part-c1-0-20261122T100000.123Z-1.ndjson.gz.open            an open one
//         .part-c1-0-20261122T100000.123Z-1.ndjson.gz.open.recovering a copy of one, not whole yet
//         .part-c1-0-20261122T100000.123Z-1.ndjson.gz.damaged         set aside by recovery; .2.damaged, …
//         .part-c1-0-20261122T100000.123Z-1.ndjson.gz.repaired        written by touchpointctl repair
//     quarantine/reason=invalid_json/date=2026-11-22/part-….ndjson.gz the same, of rejected payloads
//     quarantine/.trial                                               whether its disk takes files
//     manifest/date=2026-11-22/c1.ndjson                              a line for each sealed segment
//     manifest/date=2026-11-22/c1.summary.json                        the totals of its lines
//     dedup/part-c1-0-20261122T100000.123Z-0.ids                      ids of that segment's events
//     dedup/key                                                       by which contents are hashed
//     .reserve                                                        space reserved for a full disk
//     .lock                                                           held by the daemon
//
// A segment's name is `part-NODE-WRITER-TIME-NUMBER`: time of opening, number of the file in the run. Names
// that begin with a dot or an underscore are invisible to DuckDB, Spark and Hive.
//
// A segment is one gzip member (RFC 1952) of lines. A line is JSON and a line feed; the collector's metadata
// come first, the event's own members follow as they arrived:
//
//     {"_touchpoint":{"receivedAt":"…","node":"c1","source":"reliable","seq":17,"run":"…",
//      "channel":"web","time":"…"},"type":…}
//
// Flushes. Every commit ends with a flush of the deflate stream, `00 00 FF FF`, and its check:
//
//     flush     … 00 00 FF FF
//     check     ccccc000 00 00 FF FF, seven times     CRC-32 of all raw bytes before it, five bits a block
//
// The check is made of empty stored blocks, which every inflater skips. A full flush, from which a damaged file
// can be read on, follows about every mebibyte of raw bytes (``SegmentFormat/fullFlushBytes``).
//
// A manifest line is JSON without spaces, keys in alphabetical order; version 1:
//
//     path, node, run, reason, events, rawBytes, compressedBytes, crc32 (of the raw bytes), sha256 (of the file),
//     first and last receipt and event time, sequences (source, run, events, first, last), sealedAt,
//     checkpoints (bytes, rawBytes, crc32 at each full flush)
//
// A file of ids is a magic number and blocks: ``IdentityFile``. The key of contents: ``ContentKey``. A summary
// counts only while the manifest has the length that it names: ``ManifestSummary``.
//
// Order of syncs, and what holds after a power cut:
//
//     1. fdatasync of a segment with new bytes       its bytes up to the last check can be read
//     2. for a new one: its folders, then fsync of   the open segment can be found
//        its folder
//     -- events are acknowledged --
//     3. sealing: fdatasync, rename without          a name without a dot is a whole file
//        replacing, fsync of the folder
//     4. the manifest's line, fdatasync              a line without its file means that the file was removed
//     5. the file of ids, never synced               valid only as far as its own checks hold
//
// When each is valid:
//
//     sealed segment     always whole; its line may be missing after a crash between 3 and 4, and recovery adds it
//     open segment       up to its last right check; the rest was never acknowledged if it is empty, cut short
//                        or zeros, else it may have been
//     manifest line      with its line feed; a torn last line is ended before anything is appended
//     file of ids        with its last block, and when it names every source that needs it
//     copy, trial        never: removed at the next start

import Disk

/// Names, suffixes and numbers that several modules need; the format is at the top of this file.
package enum SegmentFormat {
    package static let events = "events"
    package static let quarantine = "quarantine"
    package static let manifest = "manifest"
    package static let identities = "dedup"
    /// The key by which contents are hashed.
    package static let contentKey = "dedup/key"
    package static let lock = ".lock"
    /// The folders of segments.
    package static let roots = [events, quarantine]
    /// Replaces a value in the path of a folder that cannot be entered.
    package static let blockedValue = "__blocked__"
    /// A file that tests whether the disk of quarantine accepts files; it exists only briefly.
    package static let trial = "quarantine/.trial"
    /// Space that is reserved for a full disk.
    package static let reserve = DiskReserve.path

    package static let sealedSuffix = ".ndjson.gz"
    package static let openSuffix = ".open"
    package static let damagedSuffix = ".damaged"
    /// The suffix of a copy that is still being written, after an open segment's.
    package static let copySuffix = ".recovering"
    package static let identitySuffix = ".ids"
    package static let manifestSuffix = ".ndjson"
    package static let summarySuffix = ".summary.json"

    /// Raw bytes between two points at which reading of a damaged file can restart.
    package static let fullFlushBytes = 1 << 20
}
