import Addresses
import Blueprint
import NetworkNamespaces
import Rtnetlink

extension KernelFeatures {
    /// Finds out what this kernel can do by trying it in a namespace that is thrown away. The kernel loads its modules as
    /// it would for the lab itself.
    public static func detect() throws -> KernelFeatures {
        try NetworkNamespace.unshareThread()
        var socket = try RouteSocket()
        var interfaces = InterfaceTable()
        let aware = Link("aware", .bridge(Bridge(vlanFiltering: true, defaultPVID: 0)), isUp: false)
        let plain = Link("plain", .bridge(Bridge()), isUp: false)
        let filtering = try socket.accepts(aware, &interfaces)
        let parent = filtering ? aware : plain
        if !filtering { _ = try socket.accepts(plain, &interfaces) }
        let tagged = Link("tagged", .vlan(VLAN(parent: parent.name, id: 10)), isUp: false)
        return KernelFeatures(bridgeVLANFiltering: filtering, vlanLinks: try socket.accepts(tagged, &interfaces))
    }
}

extension RouteSocket {
    /// Whether the kernel creates this link; false for any refusal.
    fileprivate mutating func accepts(_ link: Link, _ interfaces: inout InterfaceTable) throws -> Bool {
        var batch = RouteBatch()
        try batch.create(link, index: interfaces.assign(link.name), in: interfaces)
        do {
            try execute(&batch)
            return true
        } catch {
            return false
        }
    }
}
