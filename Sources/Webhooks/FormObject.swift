/// Makes one JSON object of the fields of a form or query.
///
/// All values are strings, because a form has nothing else; the values of a repeated name become an
/// array. Every field is in the object: nothing is dropped or overwritten.
package struct FormObject {
    /// How deep dots in names nest, if they do.
    static let depthMax = 8

    /// A member of the tree of names.
    private struct Node {
        let name: [UInt8]
        var children: [Int] = []
        /// The fields whose value this is.
        var fields: [Int] = []
    }

    private struct Place: Hashable {
        let parent: Int
        let name: [UInt8]
    }

    private let form: FormFields
    private var nodes = [Node(name: [])]
    private var places: [Place: Int] = [:]

    /// Writes the object.
    ///
    /// - Parameters:
    ///   - form: the fields.
    ///   - nesting: whether `a.b=x` is `{"a":{"b":"x"}}`; else it is `{"a.b":"x"}`. Of a name with
    ///     more than seven dots, the rest is one name. A value beside members has the empty name:
    ///     `a=1&a.b=2` is `{"a":{"b":"2","":"1"}}`.
    ///   - omitted: names of fields to leave out, such as those of keys.
    /// - Returns: JSON text, at most six bytes per byte of the form, and 16 more.
    package static func json(
        _ form: FormFields,
        nesting: Bool,
        without omitted: [String] = []
    ) -> [UInt8] {
        var object = FormObject(form: form)
        for index in 0..<form.count {
            let name = form.name(index)
            if omitted.contains(where: { name.elementsEqual($0.utf8) }) { continue }
            object.add(index, nesting: nesting)
        }
        var json: [UInt8] = []
        object.write(0, to: &json)
        return json
    }

    private init(form: FormFields) { self.form = form }

    private mutating func add(_ field: Int, nesting: Bool) {
        // Two names that differ only in what is no UTF-8 are one name in the object.
        let name = Array(JSONString.repaired(form.name(field)).utf8)
        var node = 0
        if nesting {
            let parts = name.split(
                separator: UInt8(ascii: "."),
                maxSplits: Self.depthMax - 1,
                omittingEmptySubsequences: false
            )
            for part in parts { node = child(Array(part), of: node) }
        } else {
            node = child(name, of: node)
        }
        nodes[node].fields.append(field)
    }

    private mutating func child(_ name: [UInt8], of parent: Int) -> Int {
        let place = Place(parent: parent, name: name)
        if let known = places[place] { return known }
        nodes.append(Node(name: name))
        let index = nodes.count - 1
        places[place] = index
        nodes[parent].children.append(index)
        return index
    }

    private mutating func write(_ index: Int, to json: inout [UInt8]) {
        let isObject = index == 0 || !nodes[index].children.isEmpty
        guard isObject else { return writeValues(nodes[index].fields, to: &json) }
        if !nodes[index].fields.isEmpty {
            let unnamed = child([], of: index)
            nodes[unnamed].fields = nodes[index].fields + nodes[unnamed].fields
        }
        json.append(UInt8(ascii: "{"))
        for (place, member) in nodes[index].children.enumerated() {
            if place > 0 { json.append(UInt8(ascii: ",")) }
            JSONString.append(nodes[member].name, to: &json)
            json.append(UInt8(ascii: ":"))
            write(member, to: &json)
        }
        json.append(UInt8(ascii: "}"))
    }

    private func writeValues(_ fields: [Int], to json: inout [UInt8]) {
        if fields.count > 1 { json.append(UInt8(ascii: "[")) }
        for (place, field) in fields.enumerated() {
            if place > 0 { json.append(UInt8(ascii: ",")) }
            JSONString.append(form.value(field), to: &json)
        }
        if fields.count > 1 { json.append(UInt8(ascii: "]")) }
    }
}
