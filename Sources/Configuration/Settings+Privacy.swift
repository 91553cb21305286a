extension Settings.Source.Edge {
    /// What is kept of people, and what follows from their wishes.
    package struct Privacy: Sendable, Equatable {
        /// How much of a client's address is kept.
        package enum Address: String, Sendable, CaseIterable {
            case none, truncate, full
        }

        /// What follows from the wish of a browser.
        package enum Consequence: String, Sendable, CaseIterable {
            case ignore, mark, anonymise, drop
        }

        package var address = Address.truncate
        /// Of `Sec-GPC: 1`.
        package var gpc = Consequence.ignore
        /// Of `DNT: 1`.
        package var dnt = Consequence.ignore
    }

    /// What becomes of requests whose key is not known.
    package enum UnknownKey: String, Sendable, CaseIterable {
        case refuse, quarantine
    }

    /// The same with the settings of another configuration, as far as they apply at once.
    func with(liveOf other: Settings.Source.Edge) -> Settings.Source.Edge {
        var result = self
        result.keys = other.keys
        result.unknownKey = other.unknownKey
        result.webhooks = other.webhooks
        result.privacy = other.privacy
        return result
    }

    /// The keys of those that differ from `old`.
    func changedLive(from old: Settings.Source.Edge) -> [String] {
        let changes = [
            ("keys", old.keys != keys),
            ("unknownKey", old.unknownKey != unknownKey),
            ("webhooks", old.webhooks != webhooks),
            ("privacy", old.privacy != privacy),
        ]
        return changes.filter(\.1).map(\.0)
    }
}

extension Settings.Source {
    /// The fields of `privacy`, in the order they are printed.
    static var privacyFields: [Field<Settings.Source>] {
        [
            Field("privacy.ip", \.edge.privacy.address, as: .choice, isLive: true),
            Field("privacy.gpc", \.edge.privacy.gpc, as: .choice, isLive: true),
            Field("privacy.dnt", \.edge.privacy.dnt, as: .choice, isLive: true),
        ]
    }
}
