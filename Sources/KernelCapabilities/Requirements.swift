import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
import System

/// What a lab takes from the kernel and the host, worked out from its blueprint.
public struct Requirements: Hashable, Sendable {
    /// The lab's name.
    public var lab: String
    /// What it cannot be built without.
    public var features: Set<KernelFeature> = [.namespaces, .veth, .ipv6]
    /// How many namespaces it has.
    public var namespaces: Int
    /// By family, the most entries that neighbour tables hold once everyone has spoken with everyone on its links. Permanent
    /// ones are not among them, because no threshold counts them (`neigh_alloc` in net/core/neighbour.c).
    public var neighbours: [AddressFamily: Int] = [:]
    /// How many descriptors one process holds at once, at most.
    public var openFiles: Int
    /// How many bytes of address space, and of it of data, one process has at most. As measured, with something to spare: what
    /// libraries and threads take, and a share for each namespace.
    public var addressSpace: UInt64
    public var data: UInt64

    /// The requirements of a lab.
    public init(_ blueprint: Blueprint) {
        lab = blueprint.lab
        namespaces = blueprint.namespaces.count
        // A socket for each namespace, a descriptor for each end that is put elsewhere at once, and the program's own.
        let cables = blueprint.namespaces.map { $0.content.links.count }.max() ?? 0
        openFiles = namespaces + cables + 64
        let threads = UInt64(Processors.available) * 4 << 20
        addressSpace = 192 << 20 + threads + UInt64(namespaces) * 128 << 10
        data = 48 << 20 + threads + UInt64(namespaces) * 32 << 10
        for namespace in blueprint.namespaces { add(namespace.content) }
        countNeighbours(blueprint)
    }

    private mutating func add(_ content: NamespaceContent) {
        for link in content.links {
            if let feature = KernelFeature(link.kind) { features.insert(feature) }
            if case .bridge(let bridge) = link.kind, bridge.vlanFiltering { features.insert(.vlanFiltering) }
        }
        for table in content.tables { features.formUnion(KernelFeature.features(of: table)) }
        for qdisc in content.qdiscs {
            switch qdisc.kind {
            case .netem: features.insert(.netem)
            case .tokenBucket: features.insert(.tokenBucket)
            case .other: break
            }
        }
    }

    /// Everyone in a subnet may ask for everyone else there. A pod and its node ask for each other, and the node keeps a pod's
    /// link-local address, too, that asked for routers.
    private mutating func countNeighbours(_ blueprint: Blueprint) {
        if blueprint.allocations.permanentNeighbours == true { return }
        var members: [Prefix: Int] = [:]
        for namespace in blueprint.namespaces where namespace.kind != .pod {
            for address in namespace.content.addresses where address.address.prefixLength < address.address.family.bits
            {
                members[address.address.prefix, default: 0] += 1
            }
        }
        for (prefix, count) in members { neighbours[prefix.family, default: 0] += count * (count - 1) }
        for namespace in blueprint.namespaces where namespace.kind == .pod {
            for family in Set(namespace.content.addresses.map(\.address.family)) {
                neighbours[family, default: 0] += family == .ipv6 ? 3 : 2
            }
        }
    }
}
