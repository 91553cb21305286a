import NIOHTTP1
import Synchronization

/// What is kept of people, and what follows from the wishes that their browsers send along.
package struct PrivacyRules: Sendable, Equatable {
    /// How much of a client's address is kept.
    package enum Address: String, Sendable, CaseIterable {
        case none, truncate, full
    }

    /// What follows from a wish.
    package enum Consequence: String, Sendable, CaseIterable {
        case ignore
        /// The event says that there was the wish.
        case mark
        /// And nothing is kept of the request that tells who sent it.
        case anonymise
        /// Nothing of the request is kept.
        case drop
    }

    package var address = Address.truncate
    /// Of `Sec-GPC: 1`.
    package var gpc = Consequence.ignore
    /// Of `DNT: 1`.
    package var dnt = Consequence.ignore

    package init() {}
}

/// The rules of a source.
///
/// Any thread may replace them; event loops then take the new ones.
package final class PrivacySettings: Sendable {
    private let rules: Mutex<PrivacyRules>
    private let generation = Atomic<Int>(0)

    package init(_ rules: PrivacyRules = PrivacyRules()) {
        self.rules = Mutex(rules)
    }

    /// Replaces the rules; returns whether they differ.
    package func replace(by fresh: PrivacyRules) -> Bool {
        let isOther = rules.withLock { rules in
            guard rules != fresh else { return false }
            rules = fresh
            return true
        }
        if isOther { generation.wrappingAdd(1, ordering: .releasing) }
        return isOther
    }

    /// How often the rules were replaced by others.
    var changes: Int { generation.load(ordering: .acquiring) }

    var current: PrivacyRules { rules.withLock { $0 } }
}

/// What a request asks for about the person behind it, by the rules of its source.
///
/// `SP-Anonymous` and `X-IP-Policy` come from trackers, which know what their page wants: they count
/// under every rule. Of several wishes the strictest counts.
struct PrivacyWishes {
    /// How much of the client's address is kept.
    private(set) var address: PrivacyRules.Address
    /// Whether nothing is kept that tells who sent it.
    private(set) var isAnonymous = false
    /// Whether nothing is kept.
    private(set) var isDeclined = false
    private var hasGPC = false
    private var hasDNT = false

    init(_ headers: HTTPHeaders, _ rules: PrivacyRules) {
        address = rules.address
        for (name, value) in headers {
            // Most names are told apart by their length.
            switch name.utf8.count {
            case 3 where value == "1" && name.lowercased() == "dnt":
                hasDNT = obey(rules.dnt)
            case 7 where value == "1" && name.lowercased() == "sec-gpc":
                hasGPC = obey(rules.gpc)
            case 11 where name.lowercased() == "x-ip-policy":
                cut(by: value)
            case 12 where !value.isEmpty && name.lowercased() == "sp-anonymous":
                isAnonymous = true
            default: break
            }
        }
        if isAnonymous { address = .none }
    }

    /// Returns whether the event says so.
    private mutating func obey(_ consequence: PrivacyRules.Consequence) -> Bool {
        switch consequence {
        case .ignore: return false
        case .mark: break
        case .anonymise: isAnonymous = true
        case .drop: isDeclined = true
        }
        return true
    }

    /// Keeps less of the address; nothing can make it more.
    private mutating func cut(by policy: String) {
        switch policy {
        case "remove": address = .none
        case "stripLastOctet": if address == .full { address = .truncate }
        default: break
        }
    }

    /// Adds what the event says about them.
    func add(to metadata: inout RequestMetadata) {
        if hasGPC { metadata.mark("gpc") }
        if hasDNT { metadata.mark("dnt") }
        if isAnonymous { metadata.mark("anonymous") }
    }
}
