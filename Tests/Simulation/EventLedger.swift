/// Every event written in a run of the simulation, and whether it was acknowledged.
package final class EventLedger {
    /// Line by number, without its line feed.
    private(set) var lines: [[UInt8]] = []
    private var numbers: [ByteKey: Int] = [:]
    /// The folder of each line.
    private(set) var folders: [String] = []
    private(set) var isAcknowledged: [Bool] = []

    package init() {}

    package var written: Int { lines.count }
    package var acknowledged: Int { isAcknowledged.count { $0 } }

    /// Records a line passed to a store, and returns its number.
    func note(_ line: [UInt8], folder: String) -> Int {
        let number = lines.count
        lines.append(line)
        numbers[ByteKey(line)] = number
        folders.append(folder)
        isAcknowledged.append(false)
        return number
    }

    func acknowledge(_ numbers: [Int]) {
        for number in numbers { isAcknowledged[number] = true }
    }

    /// Returns the number of a line; nil if it was never written.
    func number(of line: [UInt8]) -> Int? { numbers[ByteKey(line)] }
}
