import Blueprint
import NetworkNamespaces
import Rtnetlink

extension KernelFeatures {
    /// Finds out what this kernel can do by asking it for what it must refuse, in a namespace that is thrown away. The kernel
    /// loads its modules as it would for the lab itself.
    ///
    /// The calling thread ends up in that namespace.
    public static func detect() throws -> KernelFeatures {
        try NetworkNamespace.unshareThread()
        var socket = try RouteSocket()
        return try KernelFeatures(&socket, conditions: true)
    }

    /// Asks the kernel.
    ///
    /// - Parameters:
    ///   - socket: opened in a namespace that is thrown away.
    ///   - conditions: whether the lab has link conditions; nobody else waits for an answer about them.
    init(_ socket: inout RouteSocket, conditions: Bool) throws(NetlinkError) {
        let bridges = try socket.supports(linkKind: "bridge")
        self.init(
            bridgeVLANFiltering: bridges ? try socket.filtersBridgeVLANs() : false,
            vlanLinks: try socket.supports(linkKind: "vlan"),
            qdiscs: conditions ? try QdiscSupport(&socket) : .complete)
    }
}

extension QdiscSupport {
    /// Asks the kernel, which loads its modules as it would for the disciplines themselves.
    init(_ socket: inout RouteSocket) throws(NetlinkError) {
        self.init(netem: try socket.supports(qdisc: "netem"), tokenBucket: try socket.supports(qdisc: "tbf"))
    }
}
