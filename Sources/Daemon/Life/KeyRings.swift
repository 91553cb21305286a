import Configuration
import Control
import Keys
import Logging
import ZMTPSource

/// The keys of all sources, by source: CURVE, write keys and certificates.
struct KeyRings: Sendable {
    private var rings: [String: KeyRing] = [:]
    /// Those of HTTP sources.
    let edges: EdgeKeys

    /// Reads the key files of all sources.
    ///
    /// - Throws: exit code 78, naming the source, the file, and what to do.
    init(_ sources: [Settings.Source]) throws(DaemonFailure) {
        edges = try EdgeKeys(sources)
        for source in sources {
            guard let folder = source.access.curve.keys, let secret = source.access.curve.secret
            else { continue }
            do throws(KeyFileError) {
                rings[source.name] = KeyRing(
                    server: try ServerKey.load(path: secret),
                    producers: try CurveKeyTable.load(folder: folder)
                )
            } catch {
                throw DaemonFailure(
                    exitCode: 78,
                    description: "source '\(source.name)': curve: \(error)"
                )
            }
        }
    }

    subscript(source: String) -> KeyRing? { rings[source] }

    /// Reads the folders of the producers' keys and the certificates again, and takes new write keys;
    /// what cannot be used changes nothing.
    ///
    /// Returns the sources whose keys have changed.
    func reload(_ sources: [Settings.Source], _ logger: Logger) -> [String] {
        var changed = edges.reload(sources, logger)
        for source in sources {
            guard let ring = rings[source.name], let folder = source.access.curve.keys else {
                continue
            }
            do throws(KeyFileError) {
                if ring.replace(by: try CurveKeyTable.load(folder: folder)) {
                    changed.append(source.name)
                }
            } catch {
                logger.error(
                    "the keys of a source cannot be read, those in force stay",
                    metadata: ["source": "\(source.name)", "why": "\(error)"]
                )
            }
        }
        return changed
    }
}

extension Settings {
    /// Checks what the sources need of this machine: key files and groups.
    ///
    /// - Throws: exit code 78, naming the source and what to do.
    package func checkSources() throws(DaemonFailure) {
        _ = try KeyRings(sources)
        for source in sources {
            _ = try source.socketGroup()
            _ = try source.edge(limits, connectionsMax: limits.connectionsMax)
        }
    }
}

extension Settings.Source {
    /// The number of the group of its Unix sockets' files; nil for the process's own.
    func socketGroup() throws(DaemonFailure) -> UInt32? {
        guard let group = access.socket.group else { return nil }
        guard let number = SteeringGroup.find(group) else {
            throw DaemonFailure(
                exitCode: 78,
                description:
                    "source '\(name)': there is no group '\(group)' on this system; make it,"
                    + " or change 'socket.group'"
            )
        }
        return number
    }
}
