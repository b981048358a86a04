import NetworkObjects

/// What `show interfaces status` answers: the ports.
public struct InterfaceStatus: Encodable, RouterAnswer {
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
        /// The number of its VLAN, `trunk` or `routed`; `in Po1` for one of a port channel.
        public var vlan: String
        /// In bytes.
        public var mtu: UInt32?
        /// The kernel's name for the kind of device.
        public var type: String
    }

    init(
        _ tables: RouterTables, _ names: InterfaceNames? = nil, _ status: ShowCommand.PortStatus? = nil
    ) {
        let switching = SwitchPorts(tables)
        var rows = tables.links.compactMap { link -> (name: PortName, port: Port)? in
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
            let bundle = tables.bundles[link.link.name]
            return (
                name,
                Port(
                    port: "\(name)", description: link.link.alias ?? "",
                    status: Self.status(bundle.flatMap { tables.link($0.carrier) } ?? link),
                    vlan: bundle.map { "in \($0.name.short)" } ?? switching.mode(of: link.link.name),
                    mtu: link.link.mtu,
                    type: type)
            )
        }
        for bundle in Set(tables.bundles.values) {
            guard let carrier = tables.link(bundle.carrier) else { continue }
            rows.append(
                (
                    bundle.name,
                    Port(
                        port: "\(bundle.name)", description: bundle.description ?? "", status: Self.status(carrier),
                        vlan: switching.mode(of: bundle.carrier), mtu: carrier.link.mtu, type: "bundle")
                ))
        }
        ports = rows.filter { names?.contains($0.name) ?? true }.sorted { $0.name < $1.name }.map(\.port)
            .filter { status == nil || $0.status == status?.rawValue }
    }

    /// What cEOS says of the speed of ports that are veths, in bit/s.
    static let bandwidth = 1_000_000_000

    private static func status(_ link: ObservedLink) -> String {
        !link.link.isUp ? "disabled" : link.hasCarrier ? "connected" : "notconnect"
    }

    var json: JSONValue? {
        .object(["interfaceStatuses": .named(ports.map { ($0.port, $0.json) })])
    }

    var text: String {
        var columns = Columns(
            .init("Port", width: 10), .init("Name", width: 4), .init("Status", width: 12), .init("Vlan", width: 8),
            .init("Duplex", width: 6), .init("Speed", width: 6), .init("Type", width: 15), .init("Flags", width: 5),
            .init("Encapsulation"), rule: .none)
        for port in ports {
            let name = PortName(port.port)
            // What cEOS says of ports that are veths, as these are.
            let (duplex, speed, type) =
                name.short.hasPrefix("Ma")
                ? ("a-full", "a-1G", "10/100/1000")
                : port.type == "bundle" ? ("full", "1G", "N/A") : ("full", "1G", "EbraTestPhyPort")
            columns.add(name.short, port.description, port.status, port.vlan, duplex, speed, type, "", "")
        }
        return columns.text
    }
}

extension InterfaceStatus.Port {
    fileprivate var json: JSONValue {
        let isManagement = port.hasPrefix("Management")
        let information: JSONValue =
            if vlan == "routed" {
                .object(["interfaceMode": "routed", "interfaceForwardingModel": "routed"])
            } else if vlan == "trunk" {
                .object(["interfaceMode": "trunk", "interfaceForwardingModel": "bridged"])
            } else if vlan.hasPrefix("in ") {
                .object(["interfaceForwardingModel": "dataLink", "vlanExplanation": .string(vlan)])
            } else {
                .object([
                    "interfaceMode": "bridged", "interfaceForwardingModel": "bridged",
                    "vlanId": Int(vlan).map { .integer($0) },
                ])
            }
        return .object([
            "description": .string(description), "linkStatus": .string(status),
            "lineProtocolStatus": status == "connected" ? "up" : "down",
            "bandwidth": .integer(InterfaceStatus.bandwidth),
            "duplex": "duplexFull", "autoNegotiateActive": .boolean(isManagement),
            "autoNegotigateActive": .boolean(isManagement),
            "interfaceType": isManagement ? "10/100/1000" : type == "bundle" ? "N/A" : "EbraTestPhyPort",
            "vlanInformation": information,
        ])
    }
}
