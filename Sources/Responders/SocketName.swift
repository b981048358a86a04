import Addresses

/// What tells one listening socket of a lab from all others; a listener that keeps its name keeps its socket.
struct SocketName: Hashable, Sendable {
    /// The pin of the namespace that it is in.
    var pin: String
    var transport: Transport
    var port: UInt16
    var families: ResponderPlan.Families

    init(_ pin: String, _ listener: ResponderPlan.Listener) {
        self.pin = pin
        transport = listener.transport
        port = listener.port
        families = listener.families
    }

    /// The name as the two processes write it to each other.
    var text: String { "\(transport)/\(port)/\(families)/\(pin)" }

    /// Reads a name; nil if it is none.
    init?(_ text: Substring) {
        let parts = text.split(separator: "/", maxSplits: 3)
        guard parts.count == 4, let transport = Transport(String(parts[0])), transport != .sctp,
            let port = UInt16(parts[1]), let families = ResponderPlan.Families(rawValue: String(parts[2]))
        else { return nil }
        pin = String(parts[3])
        self.transport = transport
        self.port = port
        self.families = families
    }
}

extension ResponderPlan {
    /// The sockets that the plan needs, those of one namespace together.
    var sockets: [SocketName] {
        pods.flatMap { pod in pod.listeners.map { SocketName(pod.pin, $0) } }
    }
}
