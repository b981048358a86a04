import Addresses
import YAML

extension Topology {
    /// The topology in the native format: `read(_:file:)` gives the same topology back, if it has no problems.
    ///
    /// Defaults are left out. Cables are written with `connect` where that gives them back in the same order, and as a
    /// list otherwise.
    public var yaml: String {
        var writer = NativeWriter()
        writer.topology(self)
        return writer.text
    }
}

/// Writes the native format, line by line.
struct NativeWriter {
    private(set) var text = ""
    /// The `connect` of an interface, where cables are written so.
    private var connections: [Endpoint: Connection] = [:]

    private struct Connection {
        var other: Endpoint
        var mtu: UInt32?
        var conditions: CableConditions
    }

    mutating func topology(_ topology: Topology) {
        line(0, "lab", YAMLWriter.scalar(topology.name))
        if topology.allowsPendingPods { line(0, "allowPendingPods", "true") }
        connections = Self.connections(of: topology) ?? [:]
        if !topology.routers.isEmpty {
            line(0, "routers")
            for router in topology.routers { self.router(router) }
        }
        if !topology.networks.isEmpty {
            line(0, "networks")
            for network in topology.networks {
                line(
                    1, YAMLWriter.scalar(network.name),
                    YAMLWriter.flow(
                        (network.addresses.isEmpty ? [] : [("addresses", YAMLWriter.list(network.addresses))])
                            + (network.isManagement ? [("management", "true")] : [])))
            }
        }
        if !topology.nodes.isEmpty {
            line(0, "nodes")
            for node in topology.nodes { self.node(node) }
        }
        if !topology.hosts.isEmpty {
            line(0, "hosts")
            for host in topology.hosts { self.host(host) }
        }
        if connections.isEmpty, !topology.cables.isEmpty {
            line(0, "cables")
            for cable in topology.cables {
                let ends = YAMLWriter.list(cable.ends)
                let more = details(cable.mtu, CableConditions(out: cable.conditions[0], in: cable.conditions[1]))
                item(1, more.isEmpty ? ends : YAMLWriter.flow([("ends", ends)] + more))
            }
        }
        cluster(topology.cluster)
        if !topology.workloads.isEmpty {
            line(0, "workloads")
            var keys: Set<String> = []
            for workload in topology.workloads {
                // A key is unique, and in Kubernetes workloads of different kinds may have one name.
                var key = workload.key
                var number = 2
                while !keys.insert(key).inserted {
                    key = "\(workload.key)-\(number)"
                    number += 1
                }
                self.workload(workload, key)
            }
        }
        if !topology.services.isEmpty {
            line(0, "services")
            for service in topology.services {
                line(1, YAMLWriter.scalar(service.key), YAMLWriter.flow(Self.fields(of: service)))
            }
        }
    }

    /// What each interface would say with `connect`; nil if reading that would not give the same cables back.
    private static func connections(of topology: Topology) -> [Endpoint: Connection]? {
        var order: [String: Int] = [:]
        for name in topology.routers.map(\.name) + topology.networks.map(\.name) + topology.nodes.map(\.name)
            + topology.hosts.map(\.name)
        {
            order[name] = order.count
        }
        let networks = Set(topology.networks.map(\.name))
        let nodes = Set(topology.nodes.map(\.name) + topology.hosts.map(\.name))
        var connections: [Endpoint: Connection] = [:]
        for cable in topology.cables {
            guard cable.ends.count == 2, let first = order[cable.ends[0].device],
                let second = order[cable.ends[1].device],
                first < second
            else { return nil }
            // A node says where it is plugged in; of two devices of a kind, the first. A network has no ports to say it.
            let isSecond =
                networks.contains(cable.ends[0].device)
                || nodes.contains(cable.ends[1].device) && !nodes.contains(cable.ends[0].device)
            let (own, other) = isSecond ? (cable.ends[1], cable.ends[0]) : (cable.ends[0], cable.ends[1])
            if networks.contains(own.device) { return nil }
            let conditions = CableConditions(out: cable.conditions[0], in: cable.conditions[1])
            let connection = Connection(
                other: other, mtu: cable.mtu, conditions: isSecond ? conditions.reversed : conditions)
            guard connections.updateValue(connection, forKey: own) == nil else { return nil }
        }
        var written: [Cable] = []
        func write(_ own: Endpoint) {
            guard let connection = connections[own] else { return }
            let isFirst = order[own.device]! < order[connection.other.device]!
            let conditions = isFirst ? connection.conditions : connection.conditions.reversed
            written.append(
                Cable(
                    isFirst ? own : connection.other, isFirst ? connection.other : own, mtu: connection.mtu,
                    forward: conditions.out, backward: conditions.in))
        }
        for router in topology.routers {
            for port in router.ports { write(Endpoint(router.name, port.name)) }
        }
        for node in topology.nodes {
            for interface in node.interfaces { write(Endpoint(node.name, interface.name)) }
        }
        for host in topology.hosts {
            for interface in host.interfaces { write(Endpoint(host.name, interface.name)) }
        }
        return written == topology.cables ? connections : nil
    }

    private func connect(_ end: Endpoint) -> [(String, String)] {
        guard let connection = connections[end] else { return [] }
        let other = YAMLWriter.scalar(connection.other.description)
        let more = details(connection.mtu, connection.conditions)
        return [("connect", more.isEmpty ? other : YAMLWriter.flow([("to", other)] + more))]
    }

    /// What a cable says besides its ends.
    private func details(_ mtu: UInt32?, _ conditions: CableConditions) -> [(String, String)] {
        func oneWay(_ conditions: LinkConditions) -> String {
            YAMLWriter.flow(conditions.fields.map { ($0.name, $0.text) })
        }
        var fields = mtu.map { [("mtu", "\($0)")] } ?? []
        if conditions.out == conditions.in {
            if conditions.out != .none { fields.append(("conditions", oneWay(conditions.out))) }
        } else {
            let ways = [("out", conditions.out), ("in", conditions.in)].filter { $0.1 != .none }
            fields.append(("conditions", YAMLWriter.flow(ways.map { ($0.0, oneWay($0.1)) })))
        }
        return fields
    }

    // MARK: Devices

    private mutating func router(_ router: Router) {
        let isEmpty = router == Router(name: router.name)
        line(1, YAMLWriter.scalar(router.name), isEmpty ? "{}" : nil)
        if router.hostname != router.name { line(2, "hostname", YAMLWriter.scalar(router.hostname)) }
        if !router.vlans.isEmpty { line(2, "vlans") }
        for vlan in router.vlans {
            var fields: [(String, String)] = []
            if let name = vlan.name { fields.append(("name", YAMLWriter.scalar(name))) }
            if !vlan.addresses.isEmpty { fields.append(("addresses", YAMLWriter.list(vlan.addresses))) }
            if let mtu = vlan.mtu { fields.append(("mtu", "\(mtu)")) }
            if vlan.isShutdown { fields.append(("shutdown", "true")) }
            line(3, "\(vlan.id)", YAMLWriter.flow(fields))
        }
        ports(router)
        if !router.loopbacks.isEmpty { line(2, "loopbacks") }
        for loopback in router.loopbacks {
            line(3, YAMLWriter.scalar(loopback.name), YAMLWriter.list(loopback.addresses))
        }
        routes(router.routes)
        binds(router.binds)
        aliases(router.aliases)
        if router.forwards.count < AddressFamily.allCases.count {
            line(2, "forwards", YAMLWriter.list(router.forwards.sorted()))
        }
        if router.learnsBlocks { line(2, "learnsBlocks", "true") }
        if !router.learnedNodes.isEmpty { line(2, "learnedNodes") }
        for learned in router.learnedNodes {
            let steps = learned.steps == 1 ? [] : [("steps", "\(learned.steps)")]
            item(
                3,
                YAMLWriter.flow(
                    [
                        ("node", YAMLWriter.scalar(learned.node)),
                        ("via", YAMLWriter.scalar(learned.gateway.description)),
                    ]
                        + steps))
        }
        if router.maximumPaths != 1 { line(2, "maximumPaths", "\(router.maximumPaths)") }
    }

    /// Ports that are alike and numbered in a row share a line.
    private mutating func ports(_ router: Router) {
        if !router.ports.isEmpty { line(2, "ports") }
        let lines = router.ports.map { portFields($0, Endpoint(router.name, $0.name)) }
        var index = 0
        while index < lines.count {
            var end = index + 1
            if let first = numbered(router.ports[index].name) {
                while end < lines.count, lines[end] == lines[index],
                    router.ports[end].name == first.stem + String(first.number + end - index)
                {
                    end += 1
                }
                if end - index > 1 {
                    let key = "\(first.stem){\(first.number)..\(first.number + end - index - 1)}"
                    line(3, first.stem.isEmpty || !isStem(first.stem) ? YAMLWriter.quoted(key) : key, lines[index])
                    index = end
                    continue
                }
            }
            line(3, YAMLWriter.scalar(router.ports[index].name), lines[index])
            index += 1
        }
    }

    private func isStem(_ stem: String) -> Bool { YAMLWriter.scalar(stem + "x") == stem + "x" && !stem.contains(" ") }

    /// `eth7` as `eth` and 7.
    private func numbered(_ name: String) -> (stem: String, number: Int)? {
        let digits = String(name.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
        guard digits.count < 9, let number = Int(digits), String(number) == digits else { return nil }
        return (String(name.dropLast(digits.count)), number)
    }

    private func portFields(_ port: Router.Port, _ end: Endpoint) -> String {
        var fields: [(String, String)] = []
        switch port.mode {
        case .access(let vlan): fields.append(("access", "\(vlan)"))
        case .trunk(let allowed, let native):
            let ranges = allowed.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            fields.append(("trunk", allowed == [1...4094] ? "all" : "[\(ranges.joined(separator: ", "))]"))
            if let native { fields.append(("native", "\(native)")) }
        case .routed(let addresses, let subinterfaces):
            if !addresses.isEmpty || subinterfaces.isEmpty { fields.append(("addresses", YAMLWriter.list(addresses))) }
            if !subinterfaces.isEmpty {
                let each = subinterfaces.map { subinterface in
                    var fields = [("vlan", "\(subinterface.vlan)")]
                    if !subinterface.addresses.isEmpty {
                        fields.append(("addresses", YAMLWriter.list(subinterface.addresses)))
                    }
                    return ("\(subinterface.number)", YAMLWriter.flow(fields))
                }
                fields.append(("subinterfaces", YAMLWriter.flow(each)))
            }
        }
        fields += connect(end)
        if let mtu = port.mtu { fields.append(("mtu", "\(mtu)")) }
        if port.isShutdown { fields.append(("shutdown", "true")) }
        if let channel = port.channel { fields.append(("channel", "\(channel)")) }
        if let description = port.description { fields.append(("description", YAMLWriter.scalar(description))) }
        return YAMLWriter.flow(fields)
    }

    private mutating func node(_ node: Node) {
        line(1, YAMLWriter.scalar(node.name), node == Node(name: node.name) ? "{}" : nil)
        if node.role != .worker { line(2, "role", node.role.rawValue) }
        if !node.labels.isEmpty { line(2, "labels", labels(node.labels)) }
        if node.isTainted != (node.role == .controlPlane) { line(2, "tainted", "\(node.isTainted)") }
        interfaces(node.interfaces, of: node.name)
        routes(node.routes)
        if !node.nodeAddresses.isEmpty { line(2, "nodeAddresses", YAMLWriter.list(node.nodeAddresses)) }
        settings(node.sysctls)
        if let before = node.beforeCommands { self.before(before) }
        commands(node.commands, node.environment)
        binds(node.binds)
        aliases(node.aliases)
    }

    private mutating func host(_ host: Host) {
        line(1, YAMLWriter.scalar(host.name), host == Host(name: host.name) ? "{}" : nil)
        if host.hostname != host.name { line(2, "hostname", YAMLWriter.scalar(host.hostname)) }
        interfaces(host.interfaces, of: host.name)
        routes(host.routes)
        settings(host.sysctls)
        commands(host.commands, host.environment)
        binds(host.binds)
        aliases(host.aliases)
    }

    private mutating func before(_ configuration: LinuxConfiguration) {
        line(2, "beforeCommands", configuration == LinuxConfiguration() ? "{}" : nil)
        interfaces(configuration.interfaces, of: nil, depth: 3)
        routes(configuration.routes, depth: 3)
    }

    /// - Parameter device: what has them; nil for one that has written where their cables lead already.
    private mutating func interfaces(_ interfaces: [Node.Interface], of device: String?, depth: Int = 2) {
        if !interfaces.isEmpty { line(depth, "interfaces") }
        for interface in interfaces {
            var fields = device.map { connect(Endpoint($0, interface.name)) } ?? []
            switch interface.kind {
            case .cable: break
            case .vlan(let parent, let id):
                fields.append(("vlan", YAMLWriter.flow([("parent", YAMLWriter.scalar(parent)), ("id", "\(id)")])))
            case .bridge: fields.append(("kind", "bridge"))
            case .dummy: fields.append(("kind", "dummy"))
            }
            if !interface.addresses.isEmpty { fields.append(("addresses", YAMLWriter.list(interface.addresses))) }
            if let mtu = interface.mtu { fields.append(("mtu", "\(mtu)")) }
            if let master = interface.master { fields.append(("master", YAMLWriter.scalar(master))) }
            if let address = interface.hardwareAddress {
                fields.append(("mac", YAMLWriter.scalar(address.description)))
            }
            if interface.isShutdown { fields.append(("shutdown", "true")) }
            line(depth + 1, YAMLWriter.scalar(interface.name), YAMLWriter.flow(fields))
        }
    }

    private mutating func settings(_ sysctls: [String: String]) {
        if !sysctls.isEmpty { line(2, "sysctls") }
        for (path, value) in sysctls.sorted(by: { $0.key < $1.key }) {
            line(3, YAMLWriter.scalar(path), YAMLWriter.scalar(value))
        }
    }

    private mutating func commands(_ commands: [HostCommand], _ environment: [String: String]) {
        if !environment.isEmpty { line(2, "environment") }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            line(3, YAMLWriter.scalar(name), YAMLWriter.scalar(value))
        }
        if !commands.isEmpty { line(2, "commands") }
        for command in commands {
            let words = YAMLWriter.list(command.words)
            if command.place == nil, command.waits.isEmpty {
                item(3, words)
                continue
            }
            var fields = [("run", words)]
            if let place = command.place { fields.append(("from", YAMLWriter.scalar(place))) }
            if !command.waits.isEmpty {
                let waits = command.waits.sorted { $0.key < $1.key }
                fields.append(("after", YAMLWriter.flow(waits.map { (YAMLWriter.scalar($0.key), "\($0.value)") })))
            }
            item(3, YAMLWriter.flow(fields))
        }
    }

    private mutating func aliases(_ aliases: [String]) {
        if !aliases.isEmpty { line(2, "aliases", YAMLWriter.list(aliases)) }
    }

    private mutating func binds(_ binds: [Bind]) {
        if !binds.isEmpty { line(2, "binds") }
        for bind in binds {
            var fields: [(String, String)] = []
            if let directory = bind.directory { fields.append(("directory", YAMLWriter.scalar(directory))) }
            if !bind.path.isEmpty { fields.append(("path", YAMLWriter.scalar(bind.path))) }
            fields.append(("target", YAMLWriter.scalar(bind.target)))
            if bind.isReadOnly { fields.append(("readOnly", "true")) }
            item(3, YAMLWriter.flow(fields))
        }
    }

    private mutating func routes(_ routes: [StaticRoute], depth: Int = 2) {
        if !routes.isEmpty { line(depth, "routes") }
        for route in routes { item(depth + 1, YAMLWriter.scalar(route.text)) }
    }

    // MARK: Cluster

    private mutating func cluster(_ cluster: Cluster) {
        let defaults = Cluster()
        if cluster == defaults { return }
        line(0, "cluster")
        if !cluster.pools.isEmpty { line(1, "pools") }
        for pool in cluster.pools {
            var fields = [("cidr", YAMLWriter.scalar(pool.prefix.description))]
            let plain = Pool(name: pool.name, prefix: pool.prefix)
            if pool.blockSize != plain.blockSize { fields.append(("blockSize", "\(pool.blockSize)")) }
            if pool.encapsulation != plain.encapsulation {
                fields.append(("encapsulation", pool.encapsulation.rawValue))
            }
            if pool.natOutgoing { fields.append(("natOutgoing", "true")) }
            switch pool.nodeSelector {
            case .all: break
            case .nobody: fields.append(("nodeSelector", YAMLWriter.scalar("!all()")))
            case .labels(let labels): fields.append(("nodeSelector", self.labels(labels)))
            case .expression(let expression): fields.append(("nodeSelector", YAMLWriter.scalar(expression.description)))
            }
            if pool.allowedUses != plain.allowedUses {
                fields.append(("allowedUses", YAMLWriter.list(pool.allowedUses.map(\.rawValue).sorted())))
            }
            if !pool.assignsAutomatically { fields.append(("assignmentMode", "Manual")) }
            if pool.disablesBGPExport { fields.append(("disableBGPExport", "true")) }
            line(2, YAMLWriter.scalar(pool.name), YAMLWriter.flow(fields))
        }
        if !cluster.serviceSubnets.isEmpty { line(1, "serviceSubnets", YAMLWriter.list(cluster.serviceSubnets)) }
        if !cluster.podSubnets.isEmpty { line(1, "podSubnets", YAMLWriter.list(cluster.podSubnets)) }
        if cluster.kubeProxyMode != .nftables { line(1, "kubeProxyMode", cluster.kubeProxyMode.rawValue) }
        if cluster.loadBalancerAssignment != .allServices {
            line(1, "assignLoadBalancerIPs", cluster.loadBalancerAssignment.rawValue)
        }
        if !cluster.namespaces.isEmpty { line(1, "namespaces", YAMLWriter.list(cluster.namespaces)) }
        if !cluster.reservedAddresses.isEmpty {
            line(1, "reservedAddresses", YAMLWriter.list(cluster.reservedAddresses))
        }
        if !cluster.advertisedServices.isEmpty {
            line(1, "advertisedServices", YAMLWriter.list(cluster.advertisedServices))
        }
        if cluster.vxlanPort != defaults.vxlanPort { line(1, "vxlanPort", "\(cluster.vxlanPort)") }
        if cluster.vxlanVNI != defaults.vxlanVNI { line(1, "vxlanVNI", "\(cluster.vxlanVNI)") }
        if let mtu = cluster.mtu { line(1, "mtu", "\(mtu)") }
    }

    private mutating func workload(_ workload: Workload, _ key: String) {
        var fields: [(String, String)] = []
        switch workload.kind {
        case .daemonSet: fields.append(("kind", "DaemonSet"))
        case .deployment(let replicas): fields += [("kind", "Deployment"), ("replicas", "\(replicas)")]
        case .replicaSet(let replicas): fields += [("kind", "ReplicaSet"), ("replicas", "\(replicas)")]
        case .statefulSet(let replicas): fields += [("kind", "StatefulSet"), ("replicas", "\(replicas)")]
        case .pod: fields.append(("kind", "Pod"))
        }
        if !workload.labels.isEmpty { fields.append(("labels", labels(workload.labels))) }
        if let node = workload.nodeName { fields.append(("node", YAMLWriter.scalar(node))) }
        if !workload.nodeSelector.isEmpty { fields.append(("nodeSelector", labels(workload.nodeSelector))) }
        if workload.affinity != NodeAffinity() { fields.append(("affinity", Self.text(workload.affinity))) }
        if workload.toleratesControlPlane { fields.append(("controlPlane", "true")) }
        if !workload.addresses.isEmpty { fields.append(("addresses", YAMLWriter.list(workload.addresses))) }
        if !workload.pools.isEmpty {
            fields.append(("pools", YAMLWriter.list(workload.pools)))
        }
        if workload.usesHostNetwork { fields.append(("hostNetwork", "true")) }
        if let hostname = workload.hostname { fields.append(("hostname", YAMLWriter.scalar(hostname))) }
        if let subdomain = workload.subdomain { fields.append(("subdomain", YAMLWriter.scalar(subdomain))) }
        if !workload.ports.isEmpty {
            fields.append(("ports", "[\(workload.ports.map(Self.text).joined(separator: ", "))]"))
        }
        if let address = workload.hardwareAddress { fields.append(("mac", YAMLWriter.scalar(address.description))) }
        fields += Self.fields(ofPods: workload)
        if key != workload.key { fields.append(("name", YAMLWriter.scalar(workload.name))) }
        line(1, YAMLWriter.scalar(key), YAMLWriter.flow(fields))
    }

    // MARK: Text

    private mutating func line(_ depth: Int, _ key: String, _ value: String? = nil) {
        for _ in 0..<depth { text += "  " }
        text += key
        text += ":"
        if let value {
            text += " "
            text += value
        }
        text += "\n"
    }

    private mutating func item(_ depth: Int, _ value: String) {
        for _ in 0..<depth { text += "  " }
        text += "- "
        text += value
        text += "\n"
    }

    private func labels(_ labels: [String: String]) -> String { Self.labels(labels) }

    static func labels(_ labels: [String: String]) -> String {
        YAMLWriter.flow(
            labels.sorted { $0.key < $1.key }.map { (YAMLWriter.scalar($0.key), YAMLWriter.scalar($0.value)) })
    }
}
