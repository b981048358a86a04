import Blueprint
import NetworkObjects
import Topology

/// Every kernel object of a lab, by namespace, in the words of iproute2.
public struct PlanReport: Encodable, Sendable {
    public var lab: String
    /// What the topology was read from.
    public var source: String
    public var namespaces: [Namespace]
    /// The cluster's services and their endpoints.
    public var services: [ServiceReport]
    /// The pods that would not run, and why: absent where all would.
    public var pendingPods: [PendingPodReport]?
    /// What a user should know about the form that the lab has.
    public var notes: [String]

    /// One namespace and all that it would hold.
    public struct Namespace: Encodable, Sendable {
        public var name: String
        public var kind: String
        public var netns: String
        public var hostname: String
        /// The node a pod runs on.
        public var node: String?
        public var links: [String]
        public var bridgeVLANs: [String]
        public var addresses: [String]
        public var routes: [String]
        public var neighbours: [String]
        public var fdb: [String]
        public var qdiscs: [String]
        public var sysctls: [String]
        public var tables: [String]
        /// What is run inside once the network is up; absent where nothing is.
        public var commands: [String]?
        /// The lines of `/etc/resolv.conf`; absent for the host's own file.
        public var resolverConfiguration: String?
    }

    /// The plan of a topology.
    ///
    /// - Parameter plainBridge: for a kernel without VLAN filtering and 802.1Q links.
    /// - Throws: `NSLabError` if the topology cannot be built.
    public init(_ topology: Topology, source: String, plainBridge: Bool) throws(NSLabError) {
        let blueprint: Blueprint
        do {
            let features =
                plainBridge ? .complete.subtracting([.vlanFiltering, .vlanLinks]) : KernelFeatures.complete
            blueprint = try Blueprint(topology: topology, features: features)
        } catch {
            throw NSLabError("\(error)", .badInput)
        }
        lab = blueprint.lab
        self.source = source
        notes = blueprint.notes
        pendingPods = PendingPodReport.all(of: blueprint)
        namespaces = blueprint.namespaces.map { Namespace($0, lab: blueprint.lab) }
        services = blueprint.services.map(ServiceReport.init)
    }

    /// The plan for people.
    public var text: String {
        var text = "lab \(lab) from \(source): \(namespaces.count) namespaces\n"
        for namespace in namespaces {
            text += "\n\(namespace.kind) \(namespace.name)"
            text += (namespace.node.map { " on \($0)" } ?? "") + "  (netns \(namespace.netns))\n"
            func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }
            let tables: [String] = namespace.tables.flatMap(lines)
            let resolver: [String] = namespace.resolverConfiguration.map(lines) ?? []
            let sections: [(String, [String])] = [
                ("link", namespace.links), ("vlan", namespace.bridgeVLANs), ("addr", namespace.addresses),
                ("route", namespace.routes), ("neigh", namespace.neighbours), ("fdb", namespace.fdb),
                ("qdisc", namespace.qdiscs), ("sysctl", namespace.sysctls), ("nft", tables), ("resolv", resolver),
                ("run", namespace.commands ?? []),
            ]
            for (title, lines) in sections {
                for line in lines {
                    text += "  " + title + String(repeating: " ", count: 7 - title.count) + line + "\n"
                }
            }
        }
        for service in services {
            text += "\nservice \(service.namespace)/\(service.name)  (\(service.type))\n"
            for address in service.clusterIPs { text += "  address  \(address)\n" }
            for address in service.externalIPs { text += "  external \(address)\n" }
            if let name = service.externalName { text += "  name     \(name)\n" }
            for port in service.ports { text += "  port     \(port)\n" }
            for endpoint in service.endpoints {
                text += "  endpoint \(endpoint.text) \(endpoint.pod ?? "no pod") on \(endpoint.node)\n"
            }
        }
        for pod in pendingPods ?? [] { text += "\n\(pod.text)\n" }
        return text + (notes.isEmpty ? "" : "\n" + notes.map { "\($0)\n" }.joined())
    }
}

extension PlanReport.Namespace {
    fileprivate init(_ namespace: Blueprint.Namespace, lab: String) {
        let content = namespace.content
        self.init(
            name: namespace.name, kind: namespace.kind.rawValue, netns: "\(lab)-\(namespace.name)",
            hostname: namespace.hostname, node: namespace.node, links: content.links.map(\.description),
            bridgeVLANs: content.bridgeVLANs.map(\.description), addresses: content.addresses.map(\.description),
            routes: content.routes.map(\.description), neighbours: content.neighbours.map(\.description),
            fdb: content.forwarding.map(\.description), qdiscs: content.qdiscs.map(\.description),
            sysctls: content.sysctls.map { "net/\($0.path) = \($0.value)" },
            tables: content.tables.map(\.declaration),
            commands: namespace.commands.isEmpty ? nil : namespace.commands.map { $0.words.joined(separator: " ") },
            resolverConfiguration: namespace.resolver?.text)
    }
}
