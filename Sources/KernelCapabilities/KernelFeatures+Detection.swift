import Blueprint
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import Topology

extension KernelFeatures {
    /// Finds out what this kernel can do by asking it for what it must refuse, in a namespace that is thrown away. The kernel
    /// loads its modules as it would for the lab itself.
    public static func detect() throws -> KernelFeatures {
        try NamespaceThread.run { thread in
            var socket = try thread.enterNew { inside in try RouteSocket(in: inside) }
            return try KernelFeatures(&socket)
        }
    }

    /// Asks the kernel. Of what takes time to ask, what the lab has no use for counts as there.
    ///
    /// - Parameters:
    ///   - socket: opened in a namespace that is thrown away.
    ///   - topology: what the lab has, so that no answer that changes nothing is waited for; nil to ask for all.
    public init(_ socket: inout RouteSocket, for topology: Topology? = nil) throws(NetlinkError) {
        self = topology?.hasLinkConditions ?? true ? try .qdiscs(&socket) : .complete
        let filtersVLANs = try socket.supports(linkKind: "bridge") ? try socket.filtersBridgeVLANs() : false
        if !filtersVLANs { remove(.vlanFiltering) }
        if try !socket.supports(linkKind: "vlan") { remove(.vlanLinks) }
        if try !Self.hasIPIP(&socket, for: topology) { remove(.ipip) }
    }

    /// A complete kernel but for those queueing disciplines of link conditions that this one lacks. It loads its modules as it
    /// would for the disciplines themselves.
    public static func qdiscs(_ socket: inout RouteSocket) throws(NetlinkError) -> KernelFeatures {
        var features = complete
        if try !socket.supports(qdisc: "netem") { features.remove(.netem) }
        if try !socket.supports(qdisc: "tbf") { features.remove(.tokenBucket) }
        return features
    }

    /// For a lab that has such tunnels the kernel loads the module, which makes a `tunl0` in every namespace, the host's among
    /// them; for no other reason is it asked to.
    private static func hasIPIP(_ socket: inout RouteSocket, for topology: Topology?) throws(NetlinkError) -> Bool {
        guard let topology else { return KernelModule("ipip").isInstalled }
        let isWanted = topology.cluster.pools.contains { $0.encapsulation.isIPIP }
        return isWanted ? try socket.supports(linkKind: "ipip") : true
    }
}
