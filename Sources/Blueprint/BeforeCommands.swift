import Addresses
import NetworkObjects
import Topology

extension TopologyNode {
    /// Its interfaces and routes as the lab is planned with them.
    var configuration: LinuxConfiguration { LinuxConfiguration(interfaces: interfaces, routes: routes) }
}

extension HostContent {
    /// What a node's own interfaces and routes come to. What is wrong with them is told elsewhere.
    init(
        _ node: TopologyNode, _ configuration: LinuxConfiguration, _ cabling: Cabling, _ features: KernelFeatures
    ) {
        var problems: [BlueprintError.Problem] = []
        self.init(node.name, configuration.interfaces, cabling, features, problems: &problems)
        takeOwn(configuration.routes, of: node.name)
    }
}

extension NamespaceContent {
    /// What of this content can be there while the machine is not yet what it is planned to be: without the routes and whatever
    /// else stands on what is planned.
    ///
    /// - Parameters:
    ///   - earlier: what the machine has by itself.
    ///   - planned: what it is planned to have in its place.
    func before(_ earlier: HostContent, instead planned: HostContent) -> NamespaceContent {
        let replaced = Set(planned.links.map(\.name))
        let loopbacks = links.filter { $0.kind == .loopback }
        var content = self
        content.links = loopbacks + earlier.links
        var names = Set(content.links.map(\.name))
        for link in links where !replaced.contains(link.name) && link.kind != .loopback {
            let needed: [InterfaceName?] = [link.lower, link.master]
            guard needed.allSatisfy({ $0.map(names.contains) ?? true }) else { continue }
            content.links.append(link)
            names.insert(link.name)
        }
        let own = Set(planned.addresses)
        content.addresses = earlier.addresses + addresses.filter { !own.contains($0) }
        content.routes = earlier.ownRoutes
        content.lists.keep { object in object.link.map(names.contains) ?? true }
        return content
    }
}
