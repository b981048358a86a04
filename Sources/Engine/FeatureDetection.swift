import Blueprint
import Doctor
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import Topology

extension KernelFeatures {
    /// Finds out what this kernel can do by asking it for what it must refuse, in a namespace that is thrown away. The kernel
    /// loads its modules as it would for the lab itself.
    ///
    /// The calling thread ends up in that namespace.
    public static func detect() throws -> KernelFeatures {
        try NetworkNamespace.unshareThread()
        var socket = try RouteSocket()
        return try KernelFeatures(&socket)
    }

    /// Asks the kernel.
    ///
    /// - Parameters:
    ///   - socket: opened in a namespace that is thrown away.
    ///   - topology: what the lab has, so that nobody waits for answers that change nothing; nil to ask for all.
    init(_ socket: inout RouteSocket, for topology: Topology? = nil) throws(NetlinkError) {
        let bridges = try socket.supports(linkKind: "bridge")
        self.init(
            bridgeVLANFiltering: bridges ? try socket.filtersBridgeVLANs() : false,
            vlanLinks: try socket.supports(linkKind: "vlan"),
            ipip: try Self.ipip(&socket, for: topology),
            qdiscs: topology?.hasLinkConditions ?? true ? try QdiscSupport(&socket) : .complete)
    }

    /// For a lab that has such tunnels the kernel loads the module, which makes a `tunl0` in every namespace, the host's among
    /// them; for no other reason is it asked to.
    private static func ipip(_ socket: inout RouteSocket, for topology: Topology?) throws(NetlinkError) -> Bool {
        guard let topology else { return KernelModule.ipip.isInstalled }
        return topology.hasIPIP ? try socket.supports(linkKind: "ipip") : true
    }
}

extension Topology {
    /// Whether a pool names IPIP.
    fileprivate var hasIPIP: Bool {
        cluster.pools.contains { $0.encapsulation.isIPIP }
    }
}

extension QdiscSupport {
    /// Asks the kernel, which loads its modules as it would for the disciplines themselves.
    init(_ socket: inout RouteSocket) throws(NetlinkError) {
        self.init(netem: try socket.supports(qdisc: "netem"), tokenBucket: try socket.supports(qdisc: "tbf"))
    }
}
