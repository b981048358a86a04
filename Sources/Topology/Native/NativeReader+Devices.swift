import Addresses
import YAML

/// Routers, networks, nodes and hosts.
extension NativeReader {
    /// The map of a router.
    mutating func router(_ name: String, _ value: YAMLValue) -> Router {
        let fields = fields(
            value,
            [
                "hostname", "vlans", "ports", "loopbacks", "routes", "forwards", "learnsBlocks", "learnedNodes",
                "maximumPaths", "channels", "protocols", "binds", "aliases",
            ])
        var router = Router(name: name)
        if let hostname = field(fields, "hostname", { $0.text($1, "a host name") }) { router.hostname = hostname }
        _ = field(fields, "vlans") { reader, value in
            reader.forEachNamed(value) { reader, key, value in
                if let vlan = reader.vlan(key, value) { router.vlans.append(vlan) }
            }
        }
        _ = field(fields, "ports") { reader, value in
            reader.forEachNamed(value) { reader, port, value in
                router.ports.append(reader.port(Endpoint(name, port), value))
            }
        }
        _ = field(fields, "loopbacks") { reader, value in
            reader.forEachNamed(value) { reader, loopback, value in
                router.loopbacks.append(reader.loopback(loopback, value))
            }
        }
        _ = field(fields, "channels") { reader, value in
            reader.forEachNamed(value) { reader, key, value in
                if let channel = reader.channel(key, value) { router.channels.append(channel) }
            }
        }
        router.protocolLines =
            list(fields, "protocols", example: "[router bgp 65001]") { reader, value in
                guard let text = reader.text(value, "a line of a configuration") else { return nil }
                if Router.isProtocolLine(text) { return text }
                reader.report(value.mark, "a line of a configuration has 1 to 400 characters, and no {")
                return nil
            } ?? []
        router.routes = field(fields, "routes") { $0.routes($1) } ?? []
        router.binds = field(fields, "binds") { $0.binds($1) } ?? []
        router.aliases = aliases(fields)
        if let families = field(
            fields, "forwards",
            { reader, value in
                reader.list(value, example: "[IPv4, IPv6]") { $0.family($1) }
            })
        {
            router.forwards = Set(families)
        }
        router.learnsBlocks = field(fields, "learnsBlocks") { $0.boolean($1) } ?? false
        router.learnedNodes =
            list(fields, "learnedNodes", example: "[{ node: worker, via: 10.0.0.2 }]") { $0.learnedNode($1) } ?? []
        router.maximumPaths =
            field(fields, "maximumPaths") { $0.number($1, "a number of ways", 1...Router.mostPaths) } ?? 1
        return router
    }

    private mutating func learnedNode(_ value: YAMLValue) -> Router.LearnedNode? {
        let fields = fields(value, ["node", "via", "steps"])
        let node = field(fields, "node") { $0.text($1, "the name of a node") }
        let steps: Int? = field(fields, "steps") { $0.number($1, "a number of steps", 1...1000) }
        guard let node, let gateway = field(fields, "via", { $0.address($1) }) else {
            if fields["node"] == nil || fields["via"] == nil {
                report(fields.mark, "a node that is heard of has a next hop: { node: worker, via: 10.0.0.2 }")
            }
            return nil
        }
        return Router.LearnedNode(node, via: gateway, steps: steps ?? 1)
    }

    private mutating func vlan(_ key: String, _ value: YAMLValue) -> Router.VLANSegment? {
        guard let id: UInt16 = Self.decimal(key) else {
            report(value.mark, "\"\(key)\" is not a VLAN: a whole number from 1 to 4094")
            return nil
        }
        let fields = fields(value, ["name", "addresses", "mtu", "shutdown", "description"])
        var vlan = Router.VLANSegment(
            id: id,
            name: field(fields, "name") { $0.text($1, "a VLAN's name") },
            addresses: field(fields, "addresses") { $0.interfaceAddresses($1) } ?? [],
            mtu: field(fields, "mtu") { $0.mtu($1) },
            isShutdown: field(fields, "shutdown") { $0.boolean($1) } ?? false)
        vlan.description = description(fields)
        return vlan
    }

    /// A list of addresses, or a map with what is said of the loopback as well.
    private mutating func loopback(_ name: String, _ value: YAMLValue) -> Router.Loopback {
        guard case .mapping = value.content else {
            return Router.Loopback(name: name, addresses: interfaceAddresses(value))
        }
        let fields = fields(value, ["addresses", "description"])
        var loopback = Router.Loopback(
            name: name, addresses: field(fields, "addresses") { $0.interfaceAddresses($1) } ?? [])
        loopback.description = description(fields)
        return loopback
    }

    private mutating func channel(_ key: String, _ value: YAMLValue) -> Router.Channel? {
        guard let number: UInt32 = Self.decimal(key), (1...999_999).contains(number) else {
            report(value.mark, "\"\(key)\" is no port channel: a whole number from 1 to 999999")
            return nil
        }
        let fields = fields(value, ["description", "static"])
        return Router.Channel(
            number: number, description: description(fields),
            isStatic: field(fields, "static") { $0.boolean($1) } ?? false)
    }

    /// What people say of an interface.
    private mutating func description(_ fields: Fields) -> String? {
        field(fields, "description") { reader, value in
            guard let text = reader.text(value, "what it is for") else { return nil }
            let description = Router.Port.description(text)
            if description == nil { reader.report(value.mark, "a description has 1 to 240 characters in one line") }
            return description
        }
    }

    private mutating func port(_ endpoint: Endpoint, _ value: YAMLValue) -> Router.Port {
        let fields = fields(
            value,
            [
                "access", "trunk", "native", "addresses", "subinterfaces", "connect", "mtu", "shutdown", "description",
                "channel",
            ])
        let isRouted = fields["addresses"] != nil || fields["subinterfaces"] != nil
        let isTrunk = fields["trunk"] != nil
        let modes = [fields["access"] != nil, isTrunk, isRouted].count { $0 }
        if modes == 0 {
            report(fields.mark, "a port needs access: VLAN, trunk: [VLANS] or addresses: [ADDRESSES]")
        } else if modes > 1 {
            report(fields.mark, "a port has one of access, trunk, or addresses with subinterfaces")
        }
        if fields["native"] != nil, !isTrunk {
            _ = field(fields, "native") { $0.report($1.mark, "only a trunk has a native VLAN") }
        }
        let access = field(fields, "access") { $0.vlanID($1) }
        let allowed = field(fields, "trunk") { $0.trunk($1) } ?? []
        let native = field(fields, "native") { $0.vlanID($1) }
        let addresses = field(fields, "addresses") { $0.interfaceAddresses($1) } ?? []
        var subinterfaces: [Router.Subinterface] = []
        _ = field(fields, "subinterfaces") { reader, value in
            reader.forEachNamed(value) { reader, key, value in
                if let subinterface = reader.subinterface(key, value) { subinterfaces.append(subinterface) }
            }
        }
        _ = field(fields, "connect") { $0.connect($1, own: endpoint) }
        let mode: Router.Mode =
            if let access {
                .access(vlan: access)
            } else if isTrunk {
                .trunk(allowed: allowed, native: native)
            } else {
                .routed(addresses: addresses, subinterfaces: subinterfaces)
            }
        var port = Router.Port(
            name: endpoint.interface, mode: mode, mtu: field(fields, "mtu") { $0.mtu($1) },
            isShutdown: field(fields, "shutdown") { $0.boolean($1) } ?? false)
        port.channel = field(fields, "channel") { $0.number($1, "a port channel's number", 1...999_999) }
        port.description = description(fields)
        return port
    }

    private mutating func vlanID(_ value: YAMLValue) -> UInt16? {
        number(value, "a VLAN", 1...4094)
    }

    /// `all`, or a list of `10` and `30-40`.
    private mutating func trunk(_ value: YAMLValue) -> [ClosedRange<UInt16>] {
        if value.text == "all" { return [1...4094] }
        return list(value, example: "[10, 20, 30-40], or the word all,") { reader, item in
            guard let text = reader.text(item, "a VLAN, or several such as 30-40") else { return nil }
            let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map {
                Self.decimal($0) as UInt16?
            }
            if bounds.count <= 2, let low = bounds[0], let high = bounds[bounds.count - 1], low >= 1, low <= high,
                high <= 4094
            {
                return low...high
            }
            reader.report(item.mark, "\"\(text)\" is not a VLAN from 1 to 4094, nor several of them such as 30-40")
            return nil
        }
    }

    private mutating func subinterface(_ key: String, _ value: YAMLValue) -> Router.Subinterface? {
        guard let number: UInt16 = Self.decimal(key) else {
            report(value.mark, "\"\(key)\" is not a sub-interface's number: a whole number up to 65535")
            return nil
        }
        let fields = fields(value, ["vlan", "addresses"])
        let addresses = field(fields, "addresses") { $0.interfaceAddresses($1) } ?? []
        guard fields["vlan"] != nil else {
            report(fields.mark, "a sub-interface needs the VLAN of its frames: vlan: \(key)")
            return nil
        }
        guard let vlan = field(fields, "vlan", { $0.vlanID($1) }) else { return nil }
        return Router.Subinterface(number: number, vlan: vlan, addresses: addresses)
    }

    /// The map of a network.
    mutating func network(_ name: String, _ value: YAMLValue) -> Network {
        let fields = fields(value, ["addresses", "management"])
        var network = Network(name: name, addresses: field(fields, "addresses") { $0.interfaceAddresses($1) } ?? [])
        network.isManagement = field(fields, "management") { $0.boolean($1) } ?? false
        return network
    }

    /// The map of a node.
    mutating func node(_ name: String, _ value: YAMLValue) -> Node {
        let fields = fields(
            value,
            [
                "role", "labels", "tainted", "interfaces", "routes", "nodeAddresses", "sysctls", "beforeCommands",
                "commands",
                "environment", "binds", "aliases",
            ])
        var node = Node(name: name)
        _ = field(fields, "role") { reader, value in
            guard let text = reader.text(value, "control-plane or worker") else { return }
            guard let role = Node.Role(rawValue: text) else {
                reader.report(value.mark, "\"\(text)\" is not a role; a node is control-plane or worker")
                return
            }
            node.role = role
            node.isTainted = role == .controlPlane
        }
        if let isTainted = field(fields, "tainted", { $0.boolean($1) }) { node.isTainted = isTainted }
        node.sysctls = field(fields, "sysctls") { $0.sysctls($1) } ?? [:]
        node.commands = field(fields, "commands") { $0.commands($1) } ?? []
        node.environment = field(fields, "environment") { $0.environment($1) } ?? [:]
        node.beforeCommands = field(fields, "beforeCommands") { $0.configuration($1, of: name) }
        node.binds = field(fields, "binds") { $0.binds($1) } ?? []
        node.aliases = aliases(fields)
        node.labels = field(fields, "labels") { $0.labels($1) } ?? [:]
        _ = field(fields, "interfaces") { reader, value in
            reader.forEachNamed(value) { reader, interface, value in
                node.interfaces.append(reader.interface(Endpoint(name, interface), value))
            }
        }
        node.routes = field(fields, "routes") { $0.routes($1) } ?? []
        node.nodeAddresses =
            list(fields, "nodeAddresses", example: "[10.10.10.10]") { $0.address($1) } ?? []
        return node
    }
}
