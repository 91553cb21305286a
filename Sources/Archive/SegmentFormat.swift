/// What lies on the disk: the numbers that writers and readers of segments share.
package enum SegmentFormat {
    /// Raw bytes between two points from which a damaged file can be read on.
    package static let fullFlushBytes = 1 << 20
}
