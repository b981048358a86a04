import Addresses
import Blueprint
import NetworkNamespaces
import Nftables
import Rtnetlink

extension Session {
    /// What the namespace holds now, in a blueprint's terms: objects that someone installed, without those that the kernel
    /// makes by itself or learns.
    ///
    /// Links' settings and tables are read by the calling thread, which must be inside the namespace.
    ///
    /// - Parameter settings: the settings to read; there are hundreds, and a blueprint names few.
    func observe(settings: [Sysctl]) throws -> NamespaceContent {
        var content = NamespaceContent()
        let links = try socket.links()
        interfaces = InterfaceTable(links)
        content.links = links.map(\.link).filter { !$0.isFallbackTunnel }
        content.bridgeVLANs = try socket.bridgeVLANs(in: interfaces)
        content.addresses = try socket.addresses(in: interfaces).filter { $0.scope == .universe }
        content.routes = try socket.routes(in: interfaces).filter(\.isInstalled)
        content.neighbours = try socket.neighbours(in: interfaces).filter { $0.state.contains(.permanent) }
        let tunnels = Set(content.links.filter { if case .vxlan = $0.kind { true } else { false } }.map(\.name))
        content.forwarding = try socket.forwardingEntries(in: interfaces).filter {
            $0.isPermanent && tunnels.contains($0.device)
        }
        content.qdiscs = try socket.qdiscs(in: interfaces)
        content.sysctls = settings.compactMap { setting in
            (try? KernelSetting.read(setting.path)).map { Sysctl(setting.path, $0) }
        }
        return content
    }
}

extension Route {
    /// Whether someone installed the route: the kernel makes the others from addresses, and IPv6 ones from being up.
    var isInstalled: Bool {
        origin != .kernel && table == Route.mainTable && kind != .local && kind != .multicast && kind != .broadcast
            && kind != .anycast
    }
}
