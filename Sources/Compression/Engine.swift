/// The library that deflates one stream.
package enum Engine: String, Sendable, CaseIterable {
    /// Intel's ISA-L: a little less than zlib's size at level 1 at four times its speed, levels 1 to 3.
    case isal
    /// zlib: levels 1 to 9.
    case zlib

    /// The levels this engine has.
    package var levels: ClosedRange<Int> {
        switch self {
        case .isal: 1...3
        case .zlib: 1...9
        }
    }
}

/// What the configuration asks for; it becomes an `Engine` once the level is known.
package enum EngineChoice: String, Sendable, CaseIterable {
    /// ISA-L where it has the level, zlib above.
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

/// What asking for a stream can run into.
package enum CompressionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The engine has no such level; a retry cannot help.
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

/// How much of what went in must come out.
package enum Flush: UInt8, Sendable {
    /// As much as the engine likes to give.
    case none
    /// Everything, ending on a byte with an empty stored block (`00 00 FF FF`): what was written so
    /// far can be inflated completely.
    case sync
    /// As `sync`, and nothing after it refers to anything before it: a raw inflate may start there.
    case full
    /// Everything, and the gzip trailer. Nothing may follow.
    case finish
}

/// What one call of `GzipEncoder.step` did.
package struct Step: Sendable, Equatable {
    /// Bytes taken from the start of the input.
    package var consumed: Int
    /// Bytes written to the start of the output.
    package var produced: Int
    /// All input was taken and the flush asked for is done.
    package var isComplete: Bool

    package init(consumed: Int, produced: Int, isComplete: Bool) {
        self.consumed = consumed
        self.produced = produced
        self.isComplete = isComplete
    }
}
