/// Finds the end of an object by its brackets outside strings; checks nothing else of JSON.
struct BracketScanner {
    enum Outcome: Equatable {
        /// All bytes were scanned, and the object continues.
        case open
        /// Its last bracket is just before `end`.
        case closed(end: Int)
        /// It cannot be an object, for this reason.
        case broken(reason: String)
    }

    /// The expected closing brackets, the innermost last.
    private var due: [UInt8] = []
    private var isInString = false
    private var isEscaped = false

    /// Continues at `start` in `bytes`, which begin with the object.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Outcome {
        for index in start..<bytes.count {
            let byte = bytes[index]
            if isInString {
                guard byte != 0x0a else { return .broken(reason: "a string holds a line break") }
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5c {
                    isEscaped = true
                } else if byte == 0x22 {
                    isInString = false
                }
                continue
            }
            switch byte {
            case 0x22: isInString = true
            case 0x7b: due.append(0x7d)
            case 0x5b: due.append(0x5d)
            case 0x7d, 0x5d:
                guard due.popLast() == byte else {
                    return .broken(reason: "its brackets do not match")
                }
                if due.isEmpty { return .closed(end: index + 1) }
            default: break
            }
        }
        return .open
    }
}
