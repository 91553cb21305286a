/// The places of connections: a value that receives the time as a parameter.
///
/// Some places are reserved for root and the daemon's user. If none is free, an idle connection is
/// closed, so that clients which forgot to close cannot block others.
struct ConnectionPlaces {
    /// Whether a new connection has a place.
    enum Admission: Equatable {
        case admitted
        /// It takes the place of this connection, which is to be closed.
        case instead(of: ObjectIdentifier)
        case refused
    }

    private struct Place {
        let isPrivileged: Bool
        /// When it became idle; nil while it is busy.
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

    /// Admits a connection, if there is a place or another can be closed.
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

    /// Records when a connection became idle; nil: it is busy.
    mutating func note(_ id: ObjectIdentifier, idleSince: ContinuousClock.Instant?) {
        places[id]?.idleSince = idleSince
    }

    private func hasRoom(isPrivileged: Bool) -> Bool {
        guard places.count < connectionsMax else { return false }
        return isPrivileged || places.values.count { !$0.isPrivileged } < othersMax
    }

    /// Returns the connection idle for longest, of those that may be closed for the new one.
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
