/// The content of a simulated disk: for every file and folder the durable part, and the changes
/// that are in memory only, in order.
///
/// A value: a copy is a snapshot. Copies share a table of paths, and belong to one thread.
package struct DiskState {
    /// What a name refers to.
    struct Node: Equatable {
        static let nothing = Node(value: 0)
        static let folder = Node(value: -1)

        private let value: Int32

        private init(value: Int32) { self.value = value }

        /// A file; numbers begin with 1.
        init(file: Int) { value = Int32(file) }

        /// The file's number; nil if it is not a file.
        var file: Int? { value > 0 ? Int(value) : nil }
    }

    /// A change of a file that no sync has covered.
    enum Change {
        case write(offset: Int, bytes: [UInt8])
        case cut(size: Int)
    }

    struct File {
        /// The content that reads return.
        var memory: [UInt8] = []
        /// The content on the disk.
        var durable: [UInt8] = []
        var pending: [Change] = []
        /// Whether a change was dropped, so that the disk differs from memory.
        var hasLost = false

        init(_ bytes: [UInt8] = []) { (memory, durable) = (bytes, bytes) }
    }

    /// A change of a folder that no sync has covered: a name removed, added, or both for a rename.
    struct NameChange {
        var folder: Int
        var removed: Int?
        var added: (place: Int, node: Node)?
    }

    let paths: PathTable
    /// By number.
    var files = [File()]
    /// The node at each place, as processes see it.
    var names = Names()
    /// The node at each place, as stored on the disk.
    var durableNames = Names()
    var pendingNames: [NameChange] = []

    package init() { paths = PathTable() }

    /// An empty state with the same places and as many files.
    init(emptyLike other: DiskState) {
        paths = other.paths
        files = Array(repeating: File(), count: other.files.count)
        names = Names(count: paths.count)
    }

    /// Nodes by place.
    struct Names: Equatable {
        private var nodes: [Node]

        init(count: Int = 1) {
            nodes = Array(repeating: .nothing, count: count)
            nodes[0] = .folder
        }

        var indices: Range<Int> { nodes.indices }

        subscript(place: Int) -> Node {
            get { place < nodes.count ? nodes[place] : .nothing }
            set {
                while nodes.count <= place { nodes.append(.nothing) }
                nodes[place] = newValue
            }
        }

        func contains(_ node: Node) -> Bool { nodes.contains(node) }

        mutating func apply(_ change: NameChange) {
            if let removed = change.removed { self[removed] = .nothing }
            if let added = change.added { self[added.place] = added.node }
        }
    }

    func node(_ path: String) -> Node { names[paths.place(path)] }

    /// Returns the content that reads return for the file at a place; nil if there is none.
    func bytes(at place: Int) -> [UInt8]? { names[place].file.map { files[$0].memory } }

    /// The places of all files, as processes see them.
    var filePlaces: [Int] { names.indices.filter { names[$0].file != nil } }

    /// The contents of all files by path, as processes see them.
    package var contents: [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for place in filePlaces { contents[paths.places[place].path] = bytes(at: place) }
        return contents
    }

    /// Whether processes see the same files; both must belong to one life.
    func hasSameFiles(as other: DiskState) -> Bool {
        (0..<paths.count).allSatisfy { bytes(at: $0) == other.bytes(at: $0) }
    }

    /// Adds a file and its folders, all durable.
    package mutating func put(_ bytes: [UInt8], at path: String) {
        let place = paths.place(path)
        var folder = paths.places[place].folder
        while folder != 0 {
            (names[folder], durableNames[folder]) = (.folder, .folder)
            folder = paths.places[folder].folder
        }
        let file = Node(file: files.count)
        files.append(File(bytes))
        (names[place], durableNames[place]) = (file, file)
    }

    // MARK: - Changes

    mutating func create(_ place: Int, _ node: Node) {
        names[place] = node
        let folder = paths.places[place].folder
        pendingNames.append(NameChange(folder: folder, removed: nil, added: (place, node)))
    }

    mutating func createFile(_ place: Int) -> Int {
        files.append(File())
        create(place, Node(file: files.count - 1))
        return files.count - 1
    }

    mutating func remove(_ place: Int) {
        names[place] = .nothing
        let folder = paths.places[place].folder
        pendingNames.append(NameChange(folder: folder, removed: place, added: nil))
    }

    /// Both names are in one folder; the node at `to` is replaced.
    mutating func rename(_ from: Int, to: Int) {
        let node = names[from]
        names[from] = .nothing
        names[to] = node
        let folder = paths.places[from].folder
        pendingNames.append(NameChange(folder: folder, removed: from, added: (to, node)))
    }

    /// Whether any name refers to a file.
    func isNamed(_ number: Int) -> Bool { names.contains(Node(file: number)) }

    mutating func append(_ bytes: UnsafeRawBufferPointer, to number: Int) {
        let offset = files[number].memory.count
        files[number].memory.append(contentsOf: bytes)
        files[number].pending.append(.write(offset: offset, bytes: Array(bytes)))
    }

    mutating func cut(_ number: Int, to size: Int) {
        files[number].memory.resize(to: size)
        files[number].pending.append(.cut(size: size))
    }

    /// Makes a file's bytes durable; bytes that a failed sync dropped stay lost.
    mutating func datasync(_ number: Int) {
        guard !files[number].pending.isEmpty else { return }
        if files[number].hasLost {
            for change in files[number].pending { files[number].durable.apply(change) }
        } else {
            files[number].durable = files[number].memory
        }
        files[number].pending = []
    }

    /// Applies a failed datasync(2) as Linux does: the pages are clean, but were never written.
    mutating func dropPages(_ number: Int) {
        guard !files[number].pending.isEmpty else { return }
        files[number].pending = []
        files[number].hasLost = true
    }

    mutating func syncFolder(_ folder: Int) {
        guard !pendingNames.isEmpty else { return }
        for change in pendingNames where change.folder == folder { durableNames.apply(change) }
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
