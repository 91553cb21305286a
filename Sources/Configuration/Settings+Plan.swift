extension Settings {
    /// What events must be, and what is done with others.
    package struct Plan: Sendable, Equatable {
        package enum Mode: String, Sendable, CaseIterable {
            /// Violations are written with the event; nothing goes to quarantine.
            case annotate
            /// Events are not checked.
            case off
            /// The plan's verdicts are done.
            case enforce
        }

        /// ``mode`` of one source.
        package enum SourceMode: String, Sendable, CaseIterable {
            /// That of all sources.
            case `default`
            case annotate, off, enforce

            /// Nil for that of all sources.
            package var mode: Mode? { Mode(rawValue: rawValue) }
        }

        /// The plan's folder; nil for none.
        package var directory: String?
        package var mode = Mode.annotate
        /// Whether answers name what events violate.
        package var answers = Switch.on

        /// The defaults of the configuration.
        package init() {}
    }
}
