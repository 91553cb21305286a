import CSimdJSON

/// The rules of a node that are numbers; nodes and patterns are ``PlanBuilder/none`` if absent.
package struct NodeRules: Sendable {
    /// How many there may be; nothing is accepted if ``least`` is greater.
    package struct Limits: Sendable {
        package var least: UInt32
        package var most: UInt32

        package init(least: UInt32 = 0, most: UInt32 = .max) {
            self.least = least
            self.most = most
        }
    }

    /// The accepted types: null 1, boolean 2, object 4, array 8, string 16, number 32, integer 64.
    package var types: UInt8 = 127
    /// The format of strings, 0 for any.
    package var format: UInt8 = 0
    package var length = Limits()
    package var items = Limits()
    package var members = Limits()
    /// How many elements meet ``containsNode``.
    package var contains = Limits(least: 1)
    package var containsNode = PlanBuilder.none
    /// Members that are not described, and elements.
    package var additionalNode = PlanBuilder.none
    package var itemsNode = PlanBuilder.none
    /// What checks the names of members.
    package var namesNode = PlanBuilder.none
    package var condition = PlanBuilder.none
    package var consequent = PlanBuilder.none
    package var alternative = PlanBuilder.none
    package var negated = PlanBuilder.none
    package var pattern = PlanBuilder.none
    /// Whether nothing is accepted.
    package var isNever = false
    /// Whether members that are not described are violations.
    package var isClosed = false
    package var hasUniqueItems = false

    package init() {}

    fileprivate var raw: csimdjson_rules {
        var raw = csimdjson_plan_rules()
        (raw.types, raw.format, raw.pattern) = (types, format, pattern)
        (raw.length_min, raw.length_max) = (length.least, length.most)
        (raw.items_min, raw.items_max) = (items.least, items.most)
        (raw.members_min, raw.members_max) = (members.least, members.most)
        (raw.contains_min, raw.contains_max) = (contains.least, contains.most)
        (raw.additional, raw.items, raw.names) = (additionalNode, itemsNode, namesNode)
        (raw.contains, raw.negated) = (containsNode, negated)
        (raw.condition, raw.consequent, raw.alternative) = (condition, consequent, alternative)
        (raw.is_never, raw.is_closed, raw.has_unique_items) = (isNever, isClosed, hasUniqueItems)
        return raw
    }
}

/// Builds the nodes that a ``PlanWalk`` checks values against.
///
/// For the compiler of plans; one thread. A node is a number; node 0 accepts everything. Names are
/// compared by their bytes.
package final class PlanBuilder {
    /// No node and no pattern.
    package static let none = UInt32.max
    /// The node that accepts everything.
    package static let anything: UInt32 = 0

    /// Lists of nodes that check the same value, or the first elements of an array.
    package enum List: UInt32 {
        case allOf, anyOf, oneOf, prefixItems
        /// Like ``allOf``, but reported as one violation.
        case whole
    }

    package enum Bound: UInt32 {
        case minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf
    }

    /// Tells whether a text has a pattern, which is what was passed to ``pattern(_:keeping:)``.
    package typealias Matcher =
        @convention(c) (UnsafeRawPointer?, UnsafePointer<UInt8>?, Int) -> Bool

    fileprivate let plan: OpaquePointer
    fileprivate var kept: [AnyObject] = []
    private var isFinished = false

    package init(matcher: @escaping Matcher) {
        guard let plan = csimdjson_plan_create(matcher) else {
            preconditionFailure("no memory for a plan")
        }
        self.plan = plan
    }

    deinit {
        if !isFinished { csimdjson_plan_destroy(plan) }
    }

    package func add() -> UInt32 { csimdjson_plan_add(plan) }

    package func define(_ node: UInt32, _ rules: NodeRules) {
        var raw = rules.raw
        csimdjson_plan_define(plan, node, &raw)
    }

    package func member(_ name: String, of node: UInt32, is child: UInt32) {
        withBytes(name) { _ = csimdjson_plan_member(plan, node, $0, $1, child) }
    }

    /// Returns false if the node has 64 names of this kind already.
    package func require(_ name: String, of node: UInt32) -> Bool {
        withBytes(name) { csimdjson_plan_require(plan, node, $0, $1) }
    }

    /// With the member `name` also `needed` is required; false as in ``require(_:of:)``.
    package func depend(_ name: String, of node: UInt32, needs needed: String) -> Bool {
        withBytes(name) { bytes, count in
            withBytes(needed) { csimdjson_plan_depend(plan, node, bytes, count, $0, $1) }
        }
    }

    /// With the member `name` also `child` checks the object; false as in ``require(_:of:)``.
    package func depend(_ name: String, of node: UInt32, checks child: UInt32) -> Bool {
        withBytes(name) { csimdjson_plan_depend_node(plan, node, $0, $1, child) }
    }

    /// Returns the number of a pattern, which `owner` keeps alive.
    package func pattern(_ pattern: OpaquePointer, keeping owner: AnyObject) -> UInt32 {
        kept.append(owner)
        return csimdjson_plan_pattern(plan, UnsafeRawPointer(pattern))
    }

    package func members(matching pattern: UInt32, of node: UInt32, are child: UInt32) {
        csimdjson_plan_pattern_member(plan, node, pattern, child)
    }

    package func append(_ child: UInt32, to list: List, of node: UInt32) {
        csimdjson_plan_list(plan, node, csimdjson_list(list.rawValue), child)
    }

    /// Adds a bound, a JSON number; false if it has too many digits to divide by.
    package func bound(_ kind: Bound, _ number: String, of node: UInt32) -> Bool {
        withBytes(number) {
            csimdjson_plan_bound(plan, node, csimdjson_bound(kind.rawValue), $0, $1)
        }
    }

    /// Adds an accepted value, as JSON; false if it cannot be read.
    package func accept(_ json: String, by node: UInt32) -> Bool {
        withBytes(json) { csimdjson_plan_value(plan, node, $0, $1) }
    }

    /// Adds a slot that wants the node's value.
    package func want(_ slot: UInt32, of node: UInt32) { csimdjson_plan_slot(plan, node, slot) }

    /// Adds a slot that wants the members of this name at any depth.
    package func want(_ slot: UInt32, anywhere name: String) {
        withBytes(name) { csimdjson_plan_anywhere(plan, $0, $1, slot) }
    }

    /// Names a node, for ``PlanProgram/root(named:)``; the names are numbered from 0 on.
    package func root(_ node: UInt32, named name: String) {
        withBytes(name) { csimdjson_plan_root(plan, $0, $1, node) }
    }

    /// Ends the building; the builder must not be used again.
    package func finish() -> PlanProgram {
        precondition(!isFinished, "a plan is finished once")
        isFinished = true
        csimdjson_plan_seal(plan)
        return PlanProgram(plan, keeping: kept)
    }

    private func withBytes<Result>(
        _ text: String,
        _ body: (UnsafePointer<UInt8>?, Int) -> Result
    ) -> Result {
        var text = text
        return text.withUTF8 { body($0.baseAddress, $0.count) }
    }
}

/// Nodes that were built, for any number of threads.
package final class PlanProgram: @unchecked Sendable {
    let plan: OpaquePointer
    private let kept: [AnyObject]

    fileprivate init(_ plan: OpaquePointer, keeping kept: [AnyObject]) {
        self.plan = plan
        self.kept = kept
    }

    deinit {
        csimdjson_plan_destroy(plan)
    }

    /// Returns the node of that name, and the number of the name; nil if there is none.
    package func root(named name: UnsafeRawBufferPointer) -> (number: UInt32, node: UInt32)? {
        let bytes = name.assumingMemoryBound(to: UInt8.self)
        let found = csimdjson_plan_find(plan, bytes.baseAddress, bytes.count)
        return found.node == PlanBuilder.none ? nil : (found.number, found.node)
    }
}
