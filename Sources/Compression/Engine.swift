/// The library that compresses one stream.
package enum Engine: String, Sendable, CaseIterable {
    /// Intel's ISA-L, levels 1 to 3: a little smaller than zlib's level 1, at four times its speed.
    case isal
    /// zlib: levels 1 to 9.
    case zlib

    /// The levels that this engine supports.
    package var levels: ClosedRange<Int> {
        switch self {
        case .isal: 1...3
        case .zlib: 1...9
        }
    }
}

/// The engine setting of the configuration; the level turns it into an `Engine`.
package enum EngineChoice: String, Sendable, CaseIterable {
    /// ISA-L for the levels it supports, zlib above.
    case auto
    case isal
    case zlib

    /// The engine to use for a level from 1 to 9.
    package func engine(forLevel level: Int) throws(CompressionError) -> Engine {
        let engine: Engine =
            switch self {
            case .auto: Engine.isal.levels.contains(level) ? .isal : .zlib
            case .isal: .isal
            case .zlib: .zlib
            }
        guard engine.levels.contains(level) else {
            throw .unsupportedLevel(level: level, engine: engine)
        }
        return engine
    }
}

/// An error of setting up a stream.
package enum CompressionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The engine does not support the level; a retry cannot help.
    case unsupportedLevel(level: Int, engine: Engine)
    /// The library could not set up a stream; `code` is its own. A retry may help.
    case outOfMemory(engine: Engine, code: Int32)

    package var description: String {
        switch self {
        case .unsupportedLevel(let level, let engine):
            "compression level \(level) is not one of engine '\(engine.rawValue)', which has "
                + "\(engine.levels.lowerBound) to \(engine.levels.upperBound)"
        case .outOfMemory(let engine, let code):
            "no memory for a stream of engine '\(engine.rawValue)' (code \(code))"
        }
    }
}

/// How much of the consumed input must be in the output.
package enum Flush: UInt8, Sendable {
    /// As much as the engine chooses to write.
    case none
    /// Everything, ending on a byte boundary with an empty stored block (`00 00 FF FF`): all input
    /// so far can be inflated.
    case sync
    /// As `sync`, and later data does not refer to earlier data: a raw inflate may start there.
    case full
    /// Everything, and the gzip trailer. Nothing may follow.
    case finish
}

/// The result of one call of `GzipEncoder.step`.
package struct Step: Sendable, Equatable {
    /// Bytes taken from the start of the input.
    package var consumed: Int
    /// Bytes written to the start of the output.
    package var produced: Int
    /// Whether all input was consumed and the requested flush is done.
    package var isComplete: Bool

    package init(consumed: Int, produced: Int, isComplete: Bool) {
        self.consumed = consumed
        self.produced = produced
        self.isComplete = isComplete
    }
}
