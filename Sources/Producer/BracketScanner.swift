/// Finds where an object ends, by its brackets outside of strings; it knows nothing else of JSON.
struct BracketScanner {
    enum Outcome: Equatable {
        /// All bytes were looked at, and the object goes on.
        case open
        /// Its last bracket stands in front of this place.
        case closed(end: Int)
        /// It cannot be an object, and why.
        case broken(reason: String)
    }

    /// The closing brackets that are due, the innermost last.
    private var due: [UInt8] = []
    private var isInString = false
    private var isEscaped = false

    /// Goes on at `start` with the text at whose front the object begins.
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
