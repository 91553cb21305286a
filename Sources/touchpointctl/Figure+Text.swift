import Control
import Terminal

extension Figure {
    /// The value as people read it.
    fileprivate func text(of part: Part) -> String {
        let value = part[keyPath: path]
        return isBytes ? HumanText.bytes(Double(value)) : HumanText.grouped(value)
    }

    /// A column for each of `figures` that has one.
    static func columns(_ figures: [Figure]) -> [Table.Column] {
        figures.compactMap(\.column).map { .init($0, .right) }
    }

    /// The cells of these columns.
    static func cells(_ figures: [Figure], of part: Part) -> [String] {
        figures.filter { $0.column != nil }.map { $0.text(of: part) }
    }
}
