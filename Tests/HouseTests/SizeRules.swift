/// Limits of the length of files and functions.
enum SizeRules {
    static let fileLinesMax = 400
    static let functionLinesMax = 60

    static func fileLength(of file: SourceFile) -> [Finding] {
        let count = lineCount(of: file)
        guard file.isSwift, count > fileLinesMax else { return [] }
        let message =
            "\(count) lines, at most \(fileLinesMax): split it by idea, as Type+Topic.swift"
        return [Finding(path: file.path, line: count, message: message)]
    }

    static func functionLength(in file: SourceFile) -> [Finding] {
        guard file.isSwift else { return [] }
        return FunctionScanner.functions(in: file).filter { $0.lines > functionLinesMax }.map {
            let message =
                "'\($0.name)' has \($0.lines) lines, at most \(functionLinesMax): name its steps"
            return Finding(path: file.path, line: $0.line, message: message)
        }
    }

    static func lineCount(of file: SourceFile) -> Int {
        file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
    }

    /// Returns the median of `values`; 0 if there are none.
    static func median(_ values: [Int]) -> Int {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }
}
