import Blueprint
import NetworkNamespaces
import Rtnetlink

extension KernelFeatures {
    /// Finds out what this kernel can do by asking it for what it must refuse, in a namespace that is thrown away. The kernel
    /// loads its modules as it would for the lab itself.
    public static func detect() throws -> KernelFeatures {
        try NetworkNamespace.unshareThread()
        var socket = try RouteSocket()
        let bridges = try socket.supports(linkKind: "bridge")
        return KernelFeatures(
            bridgeVLANFiltering: try bridges && socket.filtersBridgeVLANs(),
            vlanLinks: try socket.supports(linkKind: "vlan"))
    }
}
