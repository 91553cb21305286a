import Segments

/// What a simulated disk holds: for every file and folder what is durable, and what is in memory only,
/// in order.
///
/// A value: a copy is a snapshot.
package struct DiskState: Sendable {
    /// What a name stands for.
    enum Node: Sendable, Equatable {
        case file(Int)
        case folder
    }

    /// A change of a file that no sync has covered.
    enum Change: Sendable {
        case write(offset: Int, bytes: [UInt8])
        case cut(size: Int)
    }

    struct File: Sendable {
        /// What reads see.
        var memory: [UInt8] = []
        /// What is on the disk.
        var durable: [UInt8] = []
        var pending: [Change] = []
    }

    /// A change of a folder that no sync has covered: a name gone, a name come, or both for a rename.
    struct NameChange: Sendable {
        var folder: String
        var removed: String?
        var added: (name: String, node: Node)?
    }

    var files: [Int: File] = [:]
    /// Names by folder, as processes see them.
    var names: [String: [String: Node]] = ["": [:]]
    /// Names by folder, as they are on the disk.
    var durableNames: [String: [String: Node]] = ["": [:]]
    var pendingNames: [NameChange] = []
    var nextFile = 1

    package init() {}

    func node(_ path: String) -> Node? {
        let (folder, name) = Layout.split(path)
        return names[folder]?[name]
    }

    /// The bytes of all files by path, as processes see them.
    package var contents: [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for (folder, entries) in names {
            for (name, node) in entries {
                if case .file(let number) = node {
                    contents[Layout.join(folder, name)] = files[number]?.memory
                }
            }
        }
        return contents
    }

    /// Puts a file there with its folders, all durable.
    package mutating func put(_ bytes: [UInt8], at path: String) {
        let (folder, name) = Layout.split(path)
        var above = folder
        while !above.isEmpty {
            let (parent, part) = Layout.split(above)
            for tree in [\DiskState.names, \DiskState.durableNames] {
                if self[keyPath: tree][above] == nil { self[keyPath: tree][above] = [:] }
                self[keyPath: tree][parent, default: [:]][part] = .folder
            }
            above = parent
        }
        files[nextFile] = File(memory: bytes, durable: bytes)
        names[folder, default: [:]][name] = .file(nextFile)
        durableNames[folder, default: [:]][name] = .file(nextFile)
        nextFile += 1
    }

    // MARK: - Changes

    mutating func create(_ path: String, _ node: Node) {
        let (folder, name) = Layout.split(path)
        names[folder, default: [:]][name] = node
        if node == .folder { names[path] = [:] }
        pendingNames.append(NameChange(folder: folder, removed: nil, added: (name, node)))
    }

    mutating func createFile(_ path: String) -> Int {
        let number = nextFile
        nextFile += 1
        files[number] = File()
        create(path, .file(number))
        return number
    }

    mutating func remove(_ path: String) {
        let (folder, name) = Layout.split(path)
        names[folder]?[name] = nil
        pendingNames.append(NameChange(folder: folder, removed: name, added: nil))
    }

    /// Both names in one folder; what stands at `to` is replaced.
    mutating func rename(_ from: String, to: String, _ node: Node) {
        let (folder, old) = Layout.split(from)
        let name = Layout.split(to).name
        names[folder]?[old] = nil
        names[folder]?[name] = node
        pendingNames.append(NameChange(folder: folder, removed: old, added: (name, node)))
    }

    /// Whether any name leads to a file.
    func isNamed(_ number: Int) -> Bool {
        names.values.contains { $0.values.contains(.file(number)) }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer, to number: Int) {
        let offset = files[number]?.memory.count ?? 0
        files[number]?.memory.append(contentsOf: bytes)
        files[number]?.pending.append(.write(offset: offset, bytes: Array(bytes)))
    }

    mutating func cut(_ number: Int, to size: Int) {
        files[number]?.memory.resize(to: size)
        files[number]?.pending.append(.cut(size: size))
    }

    /// Makes a file's bytes durable; what a failed sync has dropped stays lost.
    mutating func datasync(_ number: Int) {
        guard var file = files[number] else { return }
        for change in file.pending { file.durable.apply(change) }
        file.pending = []
        files[number] = file
    }

    /// What a failed datasync(2) leaves on Linux: the pages are clean, and were never written.
    mutating func dropPages(_ number: Int) {
        files[number]?.pending = []
    }

    mutating func syncFolder(_ folder: String) {
        for change in pendingNames where change.folder == folder {
            durableNames[folder, default: [:]].apply(change)
        }
        pendingNames.removeAll { $0.folder == folder }
    }
}

extension [UInt8] {
    mutating func apply(_ change: DiskState.Change) {
        switch change {
        case .cut(let size): resize(to: size)
        case .write(let offset, let bytes): put(bytes[...], at: offset)
        }
    }

    /// Writes bytes at an offset; a gap before them reads as zeros.
    mutating func put(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        let end = offset + bytes.count
        if count == offset {
            append(contentsOf: bytes)
            return
        }
        if count < end { resize(to: end) }
        replaceSubrange(offset..<end, with: bytes)
    }

    mutating func resize(to size: Int) {
        if size < count {
            removeLast(count - size)
        } else {
            append(contentsOf: repeatElement(0, count: size - count))
        }
    }
}

extension [String: DiskState.Node] {
    mutating func apply(_ change: DiskState.NameChange) {
        if let removed = change.removed { self[removed] = nil }
        if let added = change.added { self[added.name] = added.node }
    }
}
