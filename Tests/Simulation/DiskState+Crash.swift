package import TestSupport

/// The effect of a power cut on changes that no sync has covered.
package struct PowerCut: Sendable {
    /// Which changes of folders survive.
    package enum Names: Sendable, CaseIterable {
        case none
        case all
        /// As replayed from a journal: all changes up to some moment, in all folders.
        case untilMoment
        /// Each independently, in any combination.
        case any
        /// As `any`, and a rename may leave both names, as without a journal.
        case anyWithBothNames
    }

    /// Which sectors of a file survive.
    package enum Sectors: Sendable, CaseIterable {
        case none
        case all
        /// Writes in order, the last one torn at a sector.
        case inOrder
        /// Each sector of each write independently; the file has its length.
        case any
        /// Each independently; the file ends anywhere after the synced bytes.
        case anyLength
        /// The file has its length, and nothing was written: zeros.
        case zeros
        /// As `zeros`, with the previous contents of the sectors.
        case stale
    }

    package var names: Names
    package var sectors: Sectors

    package init(names: Names, sectors: Sectors) {
        self.names = names
        self.sectors = sectors
    }

    /// Every rule for names with every rule for sectors.
    package static let all = Names.allCases.flatMap { names in
        Sectors.allCases.map { PowerCut(names: names, sectors: $0) }
    }

    /// Bytes that a disk writes atomically.
    package static let sectorBytes = 512
}

extension DiskState {
    /// Returns the state after a power cut, all of it durable.
    package func afterPowerCut(
        _ cut: PowerCut,
        using random: inout SeededGenerator
    ) -> DiskState {
        let kept = survivingNames(cut.names, using: &random)
        var after = DiskState(emptyLike: self)
        var isSettled = [Bool](repeating: false, count: files.count)
        var folders = [0]
        while let folder = folders.popLast() {
            for place in paths.places[folder].inner {
                let node = kept[place]
                after.names[place] = node
                if node == .folder { folders.append(place) }
                guard let number = node.file, !isSettled[number] else { continue }
                isSettled[number] = true
                after.files[number] = File(
                    files[number].survivingBytes(cut.sectors, using: &random)
                )
            }
        }
        after.durableNames = after.names
        return after
    }

    private func survivingNames(
        _ rule: PowerCut.Names,
        using random: inout SeededGenerator
    ) -> Names {
        var names = durableNames
        let moment = Int.random(in: 0...pendingNames.count, using: &random)
        for (index, change) in pendingNames.enumerated() {
            var change = change
            let isKept: Bool
            switch rule {
            case .none: isKept = false
            case .all: isKept = true
            case .untilMoment: isKept = index < moment
            case .any: isKept = Bool.random(using: &random)
            case .anyWithBothNames:
                isKept = Bool.random(using: &random)
                if change.added != nil, Bool.random(using: &random) { change.removed = nil }
            }
            if isKept { names.apply(change) }
        }
        return names
    }
}

extension DiskState.File {
    fileprivate func survivingBytes(
        _ rule: PowerCut.Sectors,
        using random: inout SeededGenerator
    ) -> [UInt8] {
        if pending.isEmpty || rule == .none { return durable }
        switch rule {
        case .none: return durable
        case .all: return all
        case .inOrder: return inOrder(using: &random)
        case .any: return scattered(using: &random, length: all.count)
        case .anyLength:
            let lengths = min(durable.count, all.count)...max(durable.count, all.count)
            return scattered(using: &random, length: .random(in: lengths, using: &random))
        case .zeros, .stale:
            var bytes = durable
            let start = bytes.count
            bytes.resize(to: all.count)
            if rule == .stale, start < bytes.count {
                for index in start..<bytes.count { bytes[index] = random.staleByte() }
            }
            return bytes
        }
    }

    private var all: [UInt8] {
        pending.reduce(into: durable) { $0.apply($1) }
    }

    private func inOrder(using random: inout SeededGenerator) -> [UInt8] {
        let whole = Int.random(in: 0...pending.count, using: &random)
        var bytes = durable
        for change in pending.prefix(whole) { bytes.apply(change) }
        guard whole < pending.count, case .write(let offset, let added) = pending[whole] else {
            return bytes
        }
        let pieces = Self.pieces(offset, added)
        let keptPieces = Int.random(in: 0...pieces.count, using: &random)
        for piece in pieces.prefix(keptPieces) {
            bytes.put(added[piece], at: offset + piece.lowerBound)
        }
        return bytes
    }

    private func scattered(using random: inout SeededGenerator, length: Int) -> [UInt8] {
        var bytes = durable
        // Mostly kept, mostly lost, or half of each: each finds different errors.
        let odds = [1, 4, 7].randomElement(using: &random) ?? 4
        for change in pending {
            guard case .write(let offset, let added) = change else {
                if Bool.random(using: &random) { bytes.apply(change) }
                continue
            }
            for piece in Self.pieces(offset, added)
            where Int.random(in: 0..<8, using: &random) < odds {
                bytes.put(added[piece], at: offset + piece.lowerBound)
            }
        }
        bytes.resize(to: length)
        return bytes
    }

    /// Splits a write into the parts in each sector, as ranges of its bytes.
    private static func pieces(_ offset: Int, _ bytes: [UInt8]) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = 0
        while start < bytes.count {
            let sectorEnd = (offset + start) / PowerCut.sectorBytes * PowerCut.sectorBytes
            let end = min(bytes.count, sectorEnd + PowerCut.sectorBytes - offset)
            pieces.append(start..<end)
            start = end
        }
        return pieces
    }
}

extension SeededGenerator {
    /// Returns a byte of an old file: flush markers are frequent, as in this program's files.
    mutating func staleByte() -> UInt8 {
        let value = next()
        return value & 0x300 == 0 ? 0 : value & 0x300 == 0x100 ? 0xff : UInt8(value & 0xff)
    }
}
