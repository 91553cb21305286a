import NIOCore

/// What is known of a connection's other end.
final class Client {
    /// For operators: its cut address.
    let name: String
    /// Nil for a Unix socket.
    let address: [UInt8]?
    let isEncrypted: Bool
    /// The network of its address, as text.
    let network: String
    /// Whether a part of a request's head has come.
    var hasBegun = false

    init(_ address: SocketAddress?, isEncrypted: Bool) {
        self.address = address.flatMap(ClientAddress.bytes)
        self.isEncrypted = isEncrypted
        network = self.address.map { ClientAddress.text(ClientAddress.cut($0)) } ?? ""
        name = "http://\(network.isEmpty ? "local" : network)"
    }
}
