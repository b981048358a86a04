import Blueprint
import Doctor
import NetworkNamespaces
import Rtnetlink
import Topology

extension KernelFeatures {
    /// Finds out what this kernel can do, as far as a topology depends on it, by asking it for what it must refuse, in a
    /// namespace that is thrown away. The kernel loads its modules as it would for the lab itself.
    ///
    /// The calling thread ends up in that namespace.
    public static func detect(for topology: Topology) throws -> KernelFeatures {
        try NetworkNamespace.unshareThread()
        var socket = try RouteSocket()
        return try KernelFeatures(&socket, for: topology)
    }

    /// Asks the kernel.
    ///
    /// - Parameter socket: opened in a namespace that is thrown away.
    init(_ socket: inout RouteSocket, for topology: Topology) throws(NetlinkError) {
        let bridges = try socket.supports(linkKind: "bridge")
        self.init(
            bridgeVLANFiltering: bridges ? try socket.filtersBridgeVLANs() : false,
            vlanLinks: try socket.supports(linkKind: "vlan"),
            ipip: topology.cluster.pools.contains { $0.encapsulation == .ipip || $0.encapsulation == .ipipCrossSubnet }
                ? KernelModule("ipip").isInstalled : true,
            qdiscs: topology.hasLinkConditions ? try QdiscSupport(&socket) : .complete)
    }
}

extension QdiscSupport {
    /// Asks the kernel, which loads its modules as it would for the disciplines themselves.
    init(_ socket: inout RouteSocket) throws(NetlinkError) {
        self.init(netem: try socket.supports(qdisc: "netem"), tokenBucket: try socket.supports(qdisc: "tbf"))
    }
}
