import Addresses
import Blueprint
import Calico
import Engine
import Probes
import Topology

/// What `nslab up` did, in the words of its JSON.
public struct UpReport: Encodable, Sendable {
    public var lab: String
    /// Whether the lab was there as asked for, so that nothing had to be done.
    public var wasThere: Bool
    /// Whether the lab was there without the process that answers for its pods, which was started again.
    public var answersAgain: Bool
    /// What was done to a lab that was there, in order.
    public var changes: [OperationReport]
    public var namespaces: [NamespaceReport]
    /// How many of the namespaces were not looked at, because the change does not reach them; `nslab verify` looks at all.
    public var unchecked: Int
    public var timing: Timing
    /// The pods that do not run, and why: absent where all do.
    public var pendingPods: [PendingPodReport]?
    /// The commands of nodes and hosts that failed, a sentence each: absent where none did.
    public var commandFailures: [String]?
    /// Nil if the lab was not probed.
    public var probes: ProbeReport?
    /// What a user should know about the form that the lab has here.
    public var notes: [String]
    /// What may not work on this machine, a sentence each, as `nslab doctor` says it.
    public var warnings: [String]

    init(_ outcome: BringUp.Outcome, _ surveys: [NamespaceStatus], total: Double) {
        lab = outcome.blueprint.lab
        wasThere = !outcome.isNew && outcome.operations.isEmpty
        answersAgain = outcome.answersAgain
        changes = outcome.operations.map { OperationReport($0) }
        namespaces = NamespaceReport.all(surveys, outcome.blueprint)
        unchecked = surveys.count { !$0.isChecked }
        timing = Timing(outcome.timing, total: total)
        notes = outcome.blueprint.notes
        warnings = outcome.warnings
    }

    /// How long the phases took, in seconds.
    public struct Timing: Encodable, Sendable {
        public var plan: Double
        public var namespaces: Double
        public var netlink: Double
        /// Waiting for the background process, which starts while the rest is done; 0 where the lab needs none.
        public var services: Double
        public var total: Double

        init(_ timing: BringUp.Timing, total: Double) {
            (plan, namespaces, netlink, services) = (timing.plan, timing.namespaces, timing.netlink, timing.services)
            self.total = total
        }
    }
}

/// One namespace of a running lab, read from the kernel.
public struct NamespaceReport: Encodable, Sendable {
    public var name: String
    /// `router`, `network`, `node`, `host` or `pod`.
    public var kind: String
    /// The node a pod runs on.
    public var node: String?
    /// The name of its pin under `/run/netns`, as `ip netns` knows it.
    public var netns: String
    /// The addresses that people know it by and that the kernel has.
    public var addresses: [String]
    /// `up`, or what is wrong: `gone`, or the links that are down; `not checked` where `up` did not look, with the addresses that
    /// it should have.
    public var state: String
    /// Whether it is a pod that lives in its node's namespace, with the node's addresses; absent for all others.
    public var hostNetwork: Bool?

    /// A lab's namespaces, and after them the pods that live in nodes'.
    static func all(_ surveys: [NamespaceStatus], _ blueprint: Blueprint) -> [NamespaceReport] {
        let nodes = Dictionary(surveys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let hosted = blueprint.namespaces.flatMap { namespace in
            namespace.hostPods.compactMap { pod in nodes[namespace.name].map { NamespaceReport(pod, in: $0) } }
        }
        return surveys.map(NamespaceReport.init) + hosted
    }

    /// A pod in the namespace of a node.
    private init(_ pod: Blueprint.HostPod, in node: NamespaceStatus) {
        self.init(node)
        (name, kind, self.node, hostNetwork) = (pod.pod.name, Blueprint.Kind.pod.rawValue, node.name, true)
    }

    init(_ survey: NamespaceStatus) {
        name = survey.name
        kind = survey.kind.rawValue
        node = survey.node
        netns = survey.pin
        addresses = survey.addresses.map(\.description)
        state = survey.state
    }
}

/// A running lab, as `nslab inspect` shows it.
public struct InspectReport: Encodable, Sendable {
    public var lab: String
    public var source: String
    public var state: String
    public var namespaces: [NamespaceReport]
    /// The pods that do not run, and why: absent where all do.
    public var pendingPods: [PendingPodReport]?
    public var services: [ServiceReport]
    /// The blocks of the IP pools and who has their addresses, in the order that nodes claimed them.
    public var ipamBlocks: [IPAMBlockReport]
    /// What frames suffer on links, each direction that has conditions.
    public var conditions: [ConditionReport]
    /// The background process that answers for pods: `running`, `ended` (`up` starts it again), or `notNeeded`.
    public var responders: String
    /// Its process ID; absent unless it runs.
    public var respondersPID: Int32?
    public var notes: [String]
}

/// A block of an IP pool, as Calico's IPAMBlock resource has it.
public struct IPAMBlockReport: Encodable, Sendable {
    public var cidr: String
    /// The node that it is affine to; absent where that has gone.
    public var node: String?
    public var allocations: [Allocation]
    /// The addresses that were given back, in the order in which they are given out again, after those that were never used.
    public var released: [String]

    /// An address in use.
    public struct Allocation: Encodable, Sendable {
        public var ip: String
        /// `pod NAMESPACE/NAME`, or `vxlan NODE` or `ipip NODE` for a node's end of a tunnel.
        public var owner: String
    }

    init(_ block: IPAMBlock) {
        cidr = block.cidr.description
        node = block.node
        allocations = block.allocations.sorted { $0.key < $1.key }
            .map { Allocation(ip: $0.key.description, owner: $0.value.text) }
        released = block.released.map(\.description)
    }
}

/// A lab, as `nslab list` shows it.
public struct LabReport: Encodable, Sendable {
    public var lab: String
    public var source: String
    /// `running`, `incomplete` (cut short; `up` or `down` mends it), `newer` (a newer nslab made it) or `damaged`.
    public var state: String
    /// How many namespaces are pinned.
    public var namespaces: Int

    init(_ overview: LabStatus) {
        lab = overview.lab
        source = overview.source
        state = overview.state.rawValue
        namespaces = overview.namespaces
    }
}

/// What `nslab down` did.
public struct DownReport: Encodable, Sendable {
    public var labs: [Entry]

    /// One lab.
    public struct Entry: Encodable, Sendable {
        public var lab: String
        public var wasThere: Bool
        public var namespaces: Int
        /// The processes that were inside and were ended.
        public var processes: [Int32]
        /// The pins of the lab's names that are somebody else's and were left alone.
        public var foreign: [String]

        init(_ outcome: TearDown.Outcome) {
            lab = outcome.lab
            wasThere = outcome.wasThere
            namespaces = outcome.namespaces
            processes = outcome.processes
            foreign = outcome.foreign
        }
    }
}

/// What probes found: see `Probes`.
public typealias ProbeReport = Probes.ProbeReport
