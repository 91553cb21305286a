/// Finds the known name that a mistyped name was probably meant to be.
package enum NearestName {
    /// The nearest of `known` if it is near.
    ///
    /// Near is what at most `editsMax` edits separate from a known name of that length; without it a
    /// third of the length, at least one, at most three. Case does not count. Of equally near names
    /// the first one wins.
    package static func of(
        _ name: String,
        among known: [String],
        editsMax: (_ length: Int) -> Int = { min(3, max(1, $0 / 3)) }
    ) -> String? {
        var best: (name: String, distance: Int)?
        for candidate in known {
            let edits = distance(name.lowercased(), candidate.lowercased())
            if edits <= editsMax(candidate.count), edits < best?.distance ?? .max {
                best = (candidate, edits)
            }
        }
        return best?.name
    }

    /// Returns the optimal string alignment distance: insertions, deletions, replacements, and
    /// swaps of neighbours, each counted as one. (Damerau 1964; the restricted form.)
    package static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.unicodeScalars)
        let right = Array(right.unicodeScalars)
        // Far longer than any key: no match would help, and the table would grow with the input.
        guard left.count <= 64, right.count <= 64 else { return .max }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
                var edits = min(last[column + 1] + 1, current[column] + 1, replaced)
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    edits = min(edits, beforeLast[column - 1] + 1)
                }
                current.append(edits)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
