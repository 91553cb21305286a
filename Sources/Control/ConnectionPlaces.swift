/// Who of the connections has a place: a value that is told the time.
///
/// Some places are kept for root and the daemon's user. When there is none left, a connection that
/// has nothing to do gives way, so that clients which forgot to close cannot keep anybody out.
struct ConnectionPlaces {
    /// Whether a new connection has a place.
    enum Admission: Equatable {
        case admitted
        /// It has the place of this connection, which is to be closed.
        case instead(of: ObjectIdentifier)
        case refused
    }

    private struct Place {
        let isPrivileged: Bool
        /// Since when it has had nothing to do; nil while it has.
        var idleSince: ContinuousClock.Instant?
    }

    /// A connection that has been idle for less may be about to send its request.
    static let graceForPrivileged = Duration.milliseconds(100)
    static let graceForOthers = Duration.seconds(1)

    let connectionsMax: Int
    let othersMax: Int
    private var places: [ObjectIdentifier: Place] = [:]

    /// `reserved` of `connectionsMax` places are for root and the daemon's user only.
    init(connectionsMax: Int, reserved: Int) {
        self.connectionsMax = connectionsMax
        self.othersMax = max(0, connectionsMax - reserved)
    }

    var count: Int { places.count }

    /// Takes a connection in, if there is a place or somebody gives way.
    mutating func admit(
        _ id: ObjectIdentifier,
        isPrivileged: Bool,
        now: ContinuousClock.Instant
    ) -> Admission {
        var admission = Admission.admitted
        if !hasRoom(isPrivileged: isPrivileged) {
            guard let idle = idlest(isPrivileged: isPrivileged, now: now) else { return .refused }
            places[idle] = nil
            admission = .instead(of: idle)
        }
        places[id] = Place(isPrivileged: isPrivileged, idleSince: now)
        return admission
    }

    mutating func remove(_ id: ObjectIdentifier) { places[id] = nil }

    /// Notes since when a connection has had nothing to do; nil: it has something to do.
    mutating func note(_ id: ObjectIdentifier, idleSince: ContinuousClock.Instant?) {
        places[id]?.idleSince = idleSince
    }

    private func hasRoom(isPrivileged: Bool) -> Bool {
        guard places.count < connectionsMax else { return false }
        return isPrivileged || places.values.count { !$0.isPrivileged } < othersMax
    }

    /// The connection that has been idle for longest, of those that give way to the newcomer.
    private func idlest(isPrivileged: Bool, now: ContinuousClock.Instant) -> ObjectIdentifier? {
        let latest = now - (isPrivileged ? Self.graceForPrivileged : Self.graceForOthers)
        var found: (id: ObjectIdentifier, since: ContinuousClock.Instant)?
        for (id, place) in places where isPrivileged || !place.isPrivileged {
            guard let since = place.idleSince, since <= latest else { continue }
            if let best = found, best.since <= since { continue }
            found = (id, since)
        }
        return found?.id
    }
}
