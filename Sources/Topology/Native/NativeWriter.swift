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

    func connect(_ end: Endpoint) -> [(String, String)] {
        guard let connection = connections[end] else { return [] }
        let other = YAMLWriter.scalar(connection.other.description)
        let more = details(connection.mtu, connection.conditions)
        return [("connect", more.isEmpty ? other : YAMLWriter.flow([("to", other)] + more))]
    }

    /// What a cable says besides its ends.
    func details(_ mtu: UInt32?, _ conditions: CableConditions) -> [(String, String)] {
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

    // MARK: Text

    mutating func line(_ depth: Int, _ key: String, _ value: String? = nil) {
        for _ in 0..<depth { text += "  " }
        text += key
        text += ":"
        if let value {
            text += " "
            text += value
        }
        text += "\n"
    }

    mutating func item(_ depth: Int, _ value: String) {
        for _ in 0..<depth { text += "  " }
        text += "- "
        text += value
        text += "\n"
    }

    func labels(_ labels: [String: String]) -> String { Self.labels(labels) }

    static func labels(_ labels: [String: String]) -> String {
        YAMLWriter.flow(
            labels.sorted { $0.key < $1.key }.map { (YAMLWriter.scalar($0.key), YAMLWriter.scalar($0.value)) })
    }
}
