import Configuration
import HTTPSource
import Logging
import Webhooks

/// What HTTP sources have in common with the rest of the daemon, by source: write keys, webhooks,
/// privacy and certificates, all of which are read again on a reload, and figures.
struct EdgeKeys: Sendable {
    private var keys: [String: WriteKeys] = [:]
    private var webhooks: [String: WebhookList] = [:]
    private var privacies: [String: PrivacySettings] = [:]
    private var certificates: [String: CertificateBox] = [:]
    private var figures: [String: RequestFigures] = [:]

    /// Reads the certificates of all sources.
    ///
    /// - Throws: exit code 78, naming the source, the file, and what to do.
    init(_ sources: [Settings.Source]) throws(DaemonFailure) {
        for source in sources where source.pattern == .http {
            keys[source.name] = WriteKeys(
                source.edge.writeKeys,
                unknown: source.edge.unknownKeyRule
            )
            privacies[source.name] = PrivacySettings(source.edge.privacyRules)
            figures[source.name] = RequestFigures()
            webhooks[source.name] = WebhookList(source.edge.webhooks.map(\.settings))
            guard let files = source.edge.certificateFiles else { continue }
            do throws(CertificateError) {
                certificates[source.name] = try CertificateBox(files)
            } catch {
                throw DaemonFailure(
                    exitCode: 78,
                    description: "source '\(source.name)': tls: \(error)"
                )
            }
        }
    }

    /// Adds a source's parts to its configuration.
    func equip(_ configuration: inout HTTPConfiguration) {
        let name = configuration.name
        configuration.keys = keys[name] ?? configuration.keys
        configuration.webhooks = webhooks[name] ?? configuration.webhooks
        configuration.privacy = privacies[name] ?? configuration.privacy
        configuration.figures = figures[name] ?? configuration.figures
        configuration.certificate = certificates[name]
    }

    /// The figures of a source; nil if it is no HTTP source.
    func figures(of source: String) -> (requests: RequestFigures, unknownKeys: UnknownKeys)? {
        guard let figures = figures[source], let keys = keys[source] else { return nil }
        return (figures, keys.unknown)
    }

    /// Takes what applies at once of a configuration that was just read, and reads the certificates again; a
    /// certificate that cannot be used changes nothing.
    ///
    /// Returns the sources of which something has changed.
    func reload(_ sources: [Settings.Source], _ logger: Logger) -> [String] {
        for (name, box) in certificates {
            do throws(CertificateError) {
                try box.reload()
            } catch {
                logger.error(
                    "the certificate of a source cannot be used, the one in force stays",
                    metadata: ["source": "\(name)", "why": "\(error)"]
                )
            }
        }
        return sources.filter { source in
            guard let keys = keys[source.name], source.pattern == .http else { return false }
            return [
                keys.replace(by: source.edge.writeKeys),
                keys.unknown.replace(by: source.edge.unknownKeyRule),
                webhooks[source.name]?.replace(by: source.edge.webhooks.map(\.settings)) ?? false,
                privacies[source.name]?.replace(by: source.edge.privacyRules) ?? false,
            ].contains(true)
        }.map(\.name)
    }
}

extension Settings.Source.Edge {
    fileprivate var writeKeys: [WriteKey] {
        keys.map { key in
            WriteKey(
                name: key.name,
                key: key.key,
                channel: key.channel,
                origins: key.origins.compactMap(OriginPattern.init),
                rate: key.rate
            )
        }
    }

    fileprivate var unknownKeyRule: UnknownKeyRule {
        UnknownKeyRule(rawValue: unknownKey.rawValue) ?? .refuse
    }

    fileprivate var privacyRules: PrivacyRules {
        var rules = PrivacyRules()
        rules.address = PrivacyRules.Address(rawValue: privacy.address.rawValue) ?? .none
        rules.gpc = PrivacyRules.Consequence(rawValue: privacy.gpc.rawValue) ?? .drop
        rules.dnt = PrivacyRules.Consequence(rawValue: privacy.dnt.rawValue) ?? .drop
        return rules
    }

    fileprivate var certificateFiles: CertificateBox.Files? {
        guard let certificate = tls.certificate, let key = tls.key else { return nil }
        return CertificateBox.Files(
            certificate: certificate,
            key: key,
            minimum: tls.minimum == .tls13 ? .tls13 : .tls12
        )
    }
}

extension Settings.Source {
    /// The configuration of an HTTP source, without keys, certificate and group.
    func edge(
        _ limits: Settings.Limits,
        connectionsMax: Int
    ) throws(DaemonFailure)
        -> HTTPConfiguration
    {
        var result = HTTPConfiguration(name: name, bind: bind)
        result.threads = edge.threads
        result.profiles = Set(
            edge.profiles.compactMap { HTTPConfiguration.Profile(rawValue: $0.rawValue) }
        )
        result.prefix = edge.prefix
        result.channel = channel
        result.deduplicates = dedup == .on
        result.limits.messageBytesMax = limits.messageBytesMax
        result.limits.connectionsMax = min(edge.costs.connections, connectionsMax)
        result.limits.bufferedBytesMax = edge.costs.bufferedBytes
        result.timeouts.header = edge.timeouts.header.nanoseconds
        result.timeouts.body = edge.timeouts.body.nanoseconds
        result.timeouts.idle = edge.timeouts.idle.nanoseconds
        result.timeouts.answer = edge.timeouts.answer.nanoseconds
        result.timeouts.grace = edge.timeouts.grace.nanoseconds
        result.clients.metadata = edge.metadata.compactMap {
            HTTPConfiguration.Metadata(rawValue: $0.rawValue)
        }
        for text in edge.proxies {
            guard let network = AddressRange(text) else {
                throw DaemonFailure(
                    exitCode: 78,
                    description: "source '\(name)': proxies: '\(text)' is no network such as"
                        + " 10.0.0.0/8"
                )
            }
            result.clients.proxies.append(network)
        }
        result.redirect = try edge.redirectRule(of: name)
        result.files.mode = access.socket.mode
        result.apiHost = edge.apiHost
        return result
    }
}

extension Settings.Source.Edge {
    /// Where links may lead; nil if the source has none.
    fileprivate func redirectRule(of source: String) throws(DaemonFailure) -> RedirectRule? {
        do throws(WebhookSettingsError) {
            let rule = try RedirectRule(secrets: redirect.secrets.texts, hosts: redirect.hosts)
            return rule.isEmpty ? nil : rule
        } catch {
            throw DaemonFailure(
                exitCode: 78,
                description: "source '\(source)': redirect: \(error)"
            )
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
