import CZeroMQ

extension Context {
    /// Whether the loaded libzmq was built with CURVE.
    package static var hasCurve: Bool { zmq_has("curve") == 1 }
}

extension Socket {
    /// Makes later connections CURVE clients (ZeroMQ RFC 26): they encrypt, prove who they are, and
    /// accept only a server that has the secret of `serverKey`.
    ///
    /// Each key has 32 bytes, and libzmq keeps a copy. The public key must belong to the secret
    /// one, or servers refuse every connection.
    ///
    /// - Throws: if libzmq has no CURVE; see ``Context/hasCurve``.
    package func setCurveClient(
        serverKey: UnsafeRawBufferPointer,
        publicKey: UnsafeRawBufferPointer,
        secretKey: UnsafeRawBufferPointer
    ) throws(ZeroMQError) {
        try setCurveKey(ZMQ_CURVE_SERVERKEY, serverKey, named: "server key")
        try setCurveKey(ZMQ_CURVE_PUBLICKEY, publicKey, named: "public key")
        try setCurveKey(ZMQ_CURVE_SECRETKEY, secretKey, named: "secret key")
    }

    /// Makes later connections CURVE servers with this secret key of 32 bytes.
    ///
    /// Without a handler of authentication every client may connect that knows the server's key.
    package func setCurveServer(secretKey: UnsafeRawBufferPointer) throws(ZeroMQError) {
        try set(ZMQ_CURVE_SERVER, 1)
        try setCurveKey(ZMQ_CURVE_SECRETKEY, secretKey, named: "secret key")
    }

    private func setCurveKey(
        _ option: Int32,
        _ key: UnsafeRawBufferPointer,
        named name: String
    ) throws(ZeroMQError) {
        // 40 bytes would be taken for text, and 41 for text with an end mark.
        guard key.count == 32 else {
            throw ZeroMQError(errno: EINVAL, operation: "set", subject: "CURVE \(name)")
        }
        guard zmq_setsockopt(handle, option, key.baseAddress, key.count) == 0 else {
            throw .last("set", "CURVE \(name)")
        }
    }
}
