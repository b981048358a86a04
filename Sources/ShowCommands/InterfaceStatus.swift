import NetworkObjects

/// What `show interfaces status` answers: the ports.
public struct InterfaceStatus: Encodable, Sendable {
    /// The ports by name.
    public var ports: [Port]

    /// One port, a line of the table.
    public struct Port: Encodable, Sendable {
        /// `Ethernet1`
        public var port: String
        /// What somebody wrote to it (`ip link set … alias`).
        public var description: String
        /// `connected`, `notconnect` or, for one that is shut, `disabled`.
        public var status: String
        /// The number of its VLAN, `trunk` or `routed`.
        public var vlan: String
        /// In bytes.
        public var mtu: UInt32?
        /// The kernel's name for the kind of device.
        public var type: String
    }

    init(_ tables: RouterTables) {
        let switching = SwitchPorts(tables)
        ports = tables.links.compactMap { link -> (name: PortName, port: Port)? in
            let name = PortName(kernel: link.link.name)
            let isPort = name.short.hasPrefix("Et") || name.short.hasPrefix("Ma")
            // Sub-interfaces are no ports.
            guard isPort, !name.description.contains(".") else { return nil }
            let type =
                switch link.link.kind {
                case .veth: "veth"
                case .other(let kind): kind
                default: "\(link.link.kind)"
                }
            return (
                name,
                Port(
                    port: "\(name)", description: link.link.alias ?? "",
                    status: !link.link.isUp ? "disabled" : link.hasCarrier ? "connected" : "notconnect",
                    vlan: switching.mode(of: link.link.name), mtu: link.link.mtu, type: type)
            )
        }.sorted { $0.name < $1.name }.map(\.port)
    }

    var text: String {
        var columns = Columns(
            .init("Port", width: 10), .init("Name", width: 6), .init("Status", width: 12), .init("Vlan", width: 8),
            .init("MTU", width: 6), .init("Type"), rule: .none)
        for port in ports {
            columns.add(
                PortName(port.port).short, port.description, port.status, port.vlan, port.mtu.map { "\($0)" } ?? "",
                port.type)
        }
        return columns.text
    }
}
