/// Records of messages that were received while intake was held.
struct HeldRecords {
    static let bytesMax = 8 << 20
    static let countMax = 65_536

    private var records: [[UInt8]] = []
    private var start = 0
    private(set) var bytes = 0

    var count: Int { records.count - start }
    var isEmpty: Bool { count == 0 }
    var hasRoom: Bool { bytes < Self.bytesMax && count < Self.countMax }
    var first: [UInt8]? { isEmpty ? nil : records[start] }

    mutating func append(_ record: [UInt8]) {
        records.append(record)
        bytes += record.count
    }

    mutating func removeFirst() {
        guard !isEmpty else { return }
        bytes -= records[start].count
        records[start] = []
        start += 1
        if isEmpty {
            records = []
            start = 0
        }
    }

    /// Removes the records that match; returns how many.
    mutating func removeAll(where isDropped: ([UInt8]) -> Bool) -> Int {
        let before = count
        records = records[start...].filter { !isDropped($0) }
        start = 0
        bytes = records.reduce(0) { $0 + $1.count }
        return before - count
    }
}
