import Platform

/// The parsed `partition.path`: `channel={channel}/date={date}/hour={hour}`.
package struct PartitionTemplate: Sendable, Equatable {
    /// The properties that a path may depend on.
    package enum Placeholder: String, CaseIterable, Sendable {
        case channel, event, source, node, date, hour
    }

    enum Part: Sendable, Equatable {
        case text(String)
        case value(Placeholder)
        /// What events have at a path, by its place in ``PartitionTemplate/paths``.
        case path(Int)
    }

    /// The values of one partition, not yet escaped.
    package struct Values: Sendable {
        package var channel: String
        package var event: String
        package var source: String
        package var node: String
        /// Hours since 1970 UTC, negative before; or ``otherHour`` or ``lateHour``.
        package var hour: Int
        /// What events have at ``PartitionTemplate/paths``.
        package var paths: [String]

        /// Stands for no hour: date and hour are ``HiveValue/other``.
        package static let otherHour = Int(Int32.min)
        /// Stands for no hour: date and hour are ``HiveValue/late``.
        package static let lateHour = Int(Int32.min) + 1

        package init(
            channel: String,
            event: String,
            source: String,
            node: String,
            hour: Int,
            paths: [String] = []
        ) {
            self.channel = channel
            self.event = event
            self.source = source
            self.node = node
            self.hour = hour
            self.paths = paths
        }
    }

    private let parts: [Part]
    /// The paths into events on which the folder depends, such as `properties.country`.
    ///
    /// What is in braces and no ``Placeholder``; its user checks whether it is a path.
    package let paths: [String]

    /// - Throws: an error whose text is a sentence about what is wrong.
    package init(_ text: String) throws(PartitionTemplateError) {
        var parts: [Part] = []
        var paths: [String] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw PartitionTemplateError("'{' without '}' in '\(text)'")
            }
            let name = String(rest[rest.index(after: open)..<close])
            if let placeholder = Placeholder(rawValue: name) {
                parts.append(.value(placeholder))
            } else if let known = paths.firstIndex(of: name) {
                parts.append(.path(known))
            } else if name.isEmpty {
                throw PartitionTemplateError("'{}' without a name in '\(text)'")
            } else {
                parts.append(.path(paths.count))
                paths.append(name)
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        (self.parts, self.paths) = (parts, paths)
        try Self.check(text)
        try checkLengths(text)
    }

    /// Checks that no folder's name can exceed 255 bytes; otherwise a producer's long values could
    /// stop the writer.
    private func checkLengths(_ text: String) throws(PartitionTemplateError) {
        let longest = HiveValue.bytesMax + 17
        var bytes = 0
        for part in parts {
            switch part {
            case .text(let text):
                let folders = text.split(separator: "/", omittingEmptySubsequences: false)
                for (at, folder) in folders.enumerated() {
                    bytes = (at == 0 ? bytes : 0) + folder.utf8.count
                    if bytes > 255 { throw Self.tooLong(text) }
                }
            case .value(.date): bytes += 10
            case .value(.hour): bytes += HiveValue.other.utf8.count
            case .value, .path: bytes += longest
            }
            if bytes > 255 { throw Self.tooLong(text) }
        }
    }

    private static func tooLong(_ text: String) -> PartitionTemplateError {
        PartitionTemplateError(
            "a folder of '\(text)' could be longer than 255 bytes: a value takes up to 81, put '/' between"
        )
    }

    private static func check(_ text: String) throws(PartitionTemplateError) {
        if text.isEmpty { return }
        for folder in text.split(separator: "/", omittingEmptySubsequences: false) {
            if folder.isEmpty { throw PartitionTemplateError("empty folder name in '\(text)'") }
            if folder.hasPrefix(".") {
                throw PartitionTemplateError(
                    "folder '\(folder)' starts with a dot: readers skip it"
                )
            }
        }
    }

    package func uses(_ placeholder: Placeholder) -> Bool {
        parts.contains(.value(placeholder))
    }

    /// Hours that a partition spans: 1 with `{hour}`, 24 with only `{date}`, nil if the path has no
    /// time.
    package var hoursPerPartition: Int? {
        uses(.hour) ? 1 : uses(.date) ? 24 : nil
    }

    /// Returns the folder of a partition, relative to `events`.
    package func path(_ values: Values) -> String {
        var path = ""
        for part in parts {
            switch part {
            case .text(let text): path += text
            case .path(let at):
                path += HiveValue.escape(at < values.paths.count ? values.paths[at] : "")
            case .value(.channel): path += HiveValue.escape(values.channel)
            case .value(.event): path += HiveValue.escape(values.event)
            case .value(.source): path += HiveValue.escape(values.source)
            case .value(.node): path += HiveValue.escape(values.node)
            case .value(.date) where values.hour <= Values.lateHour,
                .value(.hour) where values.hour <= Values.lateHour:
                path += values.hour == Values.lateHour ? HiveValue.late : HiveValue.other
            case .value(.date): path += Timestamp.date(Int64(values.hour) * 3_600_000_000)
            case .value(.hour):
                let hour = (values.hour % 24 + 24) % 24
                path += hour < 10 ? "0\(hour)" : "\(hour)"
            }
        }
        return path
    }
}

/// The error of an invalid partition path.
package struct PartitionTemplateError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
