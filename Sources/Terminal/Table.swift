/// Rows of text in aligned columns; a pure value, for anything printed with a fixed-width font.
package struct Table: Sendable {
    /// The edge that a column's cells are aligned to: words left, figures right.
    package enum Alignment: Sendable { case left, right }

    /// A column's heading, alignment and minimum width in characters.
    package struct Column: Sendable {
        let title: String
        let alignment: Alignment
        let widthMin: Int

        /// `widthMin` keeps columns steady when rows are printed one at a time.
        package init(_ title: String, _ alignment: Alignment = .left, widthMin: Int = 0) {
            self.title = title
            self.alignment = alignment
            self.widthMin = widthMin
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; missing cells stay empty, more cells than columns trap.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count <= columns.count, "a row has more cells than the table columns")
        rows.append(cells)
    }

    /// The heading and all rows, without line ends and trailing spaces.
    package var lines: [String] {
        [heading] + rows.map { Self.line(of: $0, columns: columns, widths: widths) }
    }

    /// The heading alone, for a table printed row by row.
    package var heading: String {
        Self.line(of: columns.map(\.title), columns: columns, widths: widths)
    }

    /// Formats one row of a table printed row by row: a cell wider than its column pushes the rest
    /// of its line to the right, so that no digit is lost.
    package func line(_ cells: [String]) -> String {
        Self.line(of: cells, columns: columns, widths: widths)
    }

    private var widths: [Int] {
        columns.indices.map { index in
            let cells = rows.lazy.filter { $0.count > index }.map { $0[index].count }
            return max(columns[index].widthMin, columns[index].title.count, cells.max() ?? 0)
        }
    }

    private static func line(of cells: [String], columns: [Column], widths: [Int]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            if index > 0 { text += "  " }
            let padding = String(repeating: " ", count: max(0, widths[index] - cell.count))
            text += columns[index].alignment == .left ? cell + padding : padding + cell
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}
