import Addresses
import ClusterObjects

/// A router, node or host of a running lab as the container that it is to other tools.
public struct Machine: Hashable, Sendable {
    /// The lab's name.
    public var lab: String
    /// What nslab calls it.
    public var host: String
    /// The container's name: `clab-LAB-NODE`, or what kind calls its node.
    public var name: String
    /// The node's name in the topology.
    public var node: String
    /// containerlab's kind.
    public var kind: String
    public var image: String
    /// The container's identity: 64 hexadecimal digits, the same as long as the lab lives.
    public var id: String
    /// The cluster that it is a node of; nil for none.
    public var cluster: String?
    /// Whether it is a node of the cluster's control plane.
    public var isControlPlane: Bool
    /// Whether it speaks EOS.
    public var isRouter: Bool

    public init(
        lab: String, host: String, name: String, node: String, kind: String, image: String, id: String,
        cluster: String? = nil, isControlPlane: Bool = false, isRouter: Bool = false
    ) {
        self.lab = lab
        self.host = host
        self.name = name
        self.node = node
        self.kind = kind
        self.image = image
        self.id = id
        self.cluster = cluster
        self.isControlPlane = isControlPlane
        self.isRouter = isRouter
    }

    /// The first twelve digits of its identity, which tables show.
    var shortID: String { String(id.prefix(12)) }

    /// What containerlab and kind write on the container.
    func labels(of lab: RunningLabFacts) -> [String: String] {
        var labels: [String: String] = [:]
        if let cluster {
            labels["io.x-k8s.kind.cluster"] = cluster
            labels["io.x-k8s.kind.role"] = isControlPlane ? "control-plane" : "worker"
        }
        if lab.isOfContainerlab || cluster == nil {
            labels["containerlab"] = self.lab
            labels["clab-node-name"] = node
            labels["clab-node-kind"] = kind
            labels["clab-topo-file"] = lab.topologyFile
        }
        return labels
    }
}

/// How a machine is: read from the kernel.
public struct MachineFacts: Hashable, Sendable {
    public var machine: Machine
    /// Whether its network namespace is there.
    public var isRunning: Bool
    public var hostname: String
    /// The interfaces on the networks that the tools bring.
    public var attachments: [Attachment]

    public init(_ machine: Machine, isRunning: Bool, hostname: String, attachments: [Attachment]) {
        self.machine = machine
        self.isRunning = isRunning
        self.hostname = hostname
        self.attachments = attachments
    }

    /// An interface on a network of the tools'.
    public struct Attachment: Hashable, Sendable {
        /// The network's name in Docker.
        public var network: String
        public var ipv4: InterfaceAddress?
        public var ipv6: InterfaceAddress?
        public var mac: String

        public init(network: String, ipv4: InterfaceAddress?, ipv6: InterfaceAddress?, mac: String) {
            (self.network, self.ipv4, self.ipv6, self.mac) = (network, ipv4, ipv6, mac)
        }
    }
}

/// A running lab, its kernel looked into.
public struct RunningLabFacts: Hashable, Sendable {
    public var name: String
    /// When it was built.
    public var created: Timestamp
    /// Its containerlab topology; nil for a lab of other files.
    public var topologyFile: String?
    /// Whether it was made from a topology of containerlab.
    public var isOfContainerlab: Bool
    public var machines: [MachineFacts]
    /// The networks that the tools bring.
    public var networks: [DockerNetwork]
    /// The links between machines.
    public var cables: [Cable]
    /// The port of the machine's loopback that the lab's API has; nil where it has none.
    public var apiPort: UInt16?

    public init(
        name: String, created: Timestamp, topologyFile: String? = nil, isOfContainerlab: Bool, machines: [MachineFacts],
        networks: [DockerNetwork] = [], cables: [Cable] = [], apiPort: UInt16? = nil
    ) {
        self.name = name
        self.created = created
        self.topologyFile = topologyFile
        self.isOfContainerlab = isOfContainerlab
        self.machines = machines
        self.networks = networks
        self.cables = cables
        self.apiPort = apiPort
    }

    /// A network that Docker would have for the lab.
    public struct DockerNetwork: Hashable, Sendable {
        public var name: String
        public var id: String
        public var gateways: [InterfaceAddress]

        public init(name: String, id: String, gateways: [InterfaceAddress]) {
            (self.name, self.id, self.gateways) = (name, id, gateways)
        }
    }

    /// A link, by nslab's names of its ends.
    public struct Cable: Hashable, Sendable {
        public var host: String
        public var interface: String
        public var peer: String
        public var peerInterface: String

        public init(host: String, interface: String, peer: String, peerInterface: String) {
            (self.host, self.interface, self.peer, self.peerInterface) = (host, interface, peer, peerInterface)
        }
    }
}

/// What applets ask of the machine: each is looked up when an applet needs it, and not before. Where the user has named a lab
/// (`NSLAB_LAB`), it is the only one.
public struct LabDirectory: Sendable {
    /// The machines of all running labs; needs no privilege.
    public var machines: @Sendable () throws -> [Machine]
    /// The running labs, looked into; needs privilege.
    public var labs: @Sendable () throws -> [RunningLabFacts]
    /// The Kubernetes objects of a lab, as they are now; needs privilege.
    public var objects: @Sendable (String) throws -> [JSON]
    /// The lab's name in a containerlab topology: a file, or the one of a folder; nil for what is none.
    public var topologyName: @Sendable (String) -> (name: String, file: String)?
    public var now: Timestamp
    /// The variables that the command has.
    public var environment: [String: String]

    public init(
        machines: @escaping @Sendable () throws -> [Machine], labs: @escaping @Sendable () throws -> [RunningLabFacts],
        objects: @escaping @Sendable (String) throws -> [JSON],
        topologyName: @escaping @Sendable (String) -> (name: String, file: String)? = { _ in nil }, now: Timestamp,
        environment: [String: String] = [:]
    ) {
        self.machines = machines
        self.labs = labs
        self.objects = objects
        self.topologyName = topologyName
        self.now = now
        self.environment = environment
    }

    /// The machine that a container's name means, or the beginning of its identity; nil for no lab's.
    ///
    /// - Throws: `AppletError` where several labs have it.
    func machine(named name: String) throws -> Machine? {
        let name = name.hasPrefix("/") ? String(name.dropFirst()) : name
        let isID = name.count >= 4 && name.allSatisfy { $0.isHexDigit && !$0.isUppercase }
        let found = try machines().filter { $0.name == name || isID && $0.id.hasPrefix(name) }
        guard Set(found.map(\.lab)).count < 2 else {
            throw AppletError(
                "labs \(found.map(\.lab).joined(separator: " and ")) have a container \(name) each; set NSLAB_LAB to one"
            )
        }
        return found.first
    }

    /// The machines with these names, looked into.
    func facts(of machine: Machine) throws -> (lab: RunningLabFacts, facts: MachineFacts)? {
        for lab in try labs() where lab.name == machine.lab {
            if let facts = lab.machines.first(where: { $0.machine.name == machine.name }) { return (lab, facts) }
        }
        return nil
    }
}
