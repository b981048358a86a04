import Addresses
import NetworkObjects

/// All tables of a lab together, for telling which way a packet takes and which TTL its answer has.
///
/// It is a walk over values: over a blueprint it says what should happen, over contents read from the kernel what will.
/// It knows what decides a lab's paths, not all of Linux: no policy rules, no firewalls but natOutgoing, no MTU.
public struct PacketSimulator: Sendable {
    let tables: [NamespaceTables]
    let domains: BroadcastDomains
    /// The addresses of each link, link-local ones among them where the MAC address is known.
    let linkAddresses: [[IPAddress]]
    private let indices: [String: Int]
    private let tunnelEnds: [TunnelKey: LinkID]
    /// By namespace, its IPIP tunnels that are up.
    private let ipipEnds: [Int: [LinkID]]

    private struct TunnelKey: Hashable {
        let namespace: Int
        let local: IPAddress
        let vni: UInt32
        let port: UInt16
    }

    /// The tables that a blueprint asks for.
    public init(_ blueprint: Blueprint) {
        self.init(blueprint.namespaces.map { ($0.name, $0.content) })
    }

    /// The tables of these namespaces.
    ///
    /// - Parameter blueprint: knows where a veth's other end is, for contents that were read from the kernel without it.
    public init(_ contents: [(namespace: String, content: NamespaceContent)], cablesOf blueprint: Blueprint? = nil) {
        let indices = Dictionary(
            contents.enumerated().map { ($1.namespace, $0) }, uniquingKeysWith: { first, _ in first })
        var ports: [BroadcastDomains.Port] = []
        var links: [[InterfaceName: LinkID]] = []
        for (namespace, (_, content)) in contents.enumerated() {
            var byName: [InterfaceName: LinkID] = [:]
            for link in content.links {
                byName[link.name] = ports.count
                ports.append(
                    .init(namespace: namespace, name: link.name, kind: .init(link.kind), mac: link.mac, isUp: link.isUp)
                )
            }
            links.append(byName)
        }
        let cables = blueprint.map { Self.cables(of: $0) } ?? [:]
        var vlans: [(LinkID, BridgeVLAN)] = []
        var linkAddresses = [[IPAddress]](repeating: [], count: ports.count)
        var tunnelEnds: [TunnelKey: LinkID] = [:]
        var ipipEnds: [Int: [LinkID]] = [:]
        for (namespace, (name, content)) in contents.enumerated() {
            for link in content.links {
                guard let id = links[namespace][link.name] else { continue }
                ports[id].master = link.master.flatMap { links[namespace][$0] }
                switch link.kind {
                case .veth(let peer):
                    let peer = peer ?? cables[VethPeer(namespace: name, name: link.name)]
                    ports[id].beyond = peer.flatMap { peer in indices[peer.namespace].flatMap { links[$0][peer.name] } }
                case .vlan(let vlan): ports[id].beyond = links[namespace][vlan.parent]
                case .vxlan(let vxlan) where link.isUp:
                    tunnelEnds[
                        TunnelKey(namespace: namespace, local: vxlan.local, vni: vxlan.vni, port: vxlan.port)] = id
                case .ipip where link.isUp: ipipEnds[namespace, default: []].append(id)
                default: break
                }
                if let mac = link.mac { linkAddresses[id].append(.v6(mac.linkLocalAddress)) }
            }
            for vlan in content.bridgeVLANs {
                if let id = links[namespace][vlan.device] { vlans.append((id, vlan)) }
            }
            for address in content.addresses {
                if let id = links[namespace][address.device] { linkAddresses[id].append(address.address.address) }
            }
        }
        tables = contents.enumerated().map { NamespaceTables($1.namespace, $1.content, links: links[$0]) }
        domains = BroadcastDomains(ports, vlans, ownAddresses: tables.map(\.own), linkAddresses: linkAddresses)
        self.indices = indices
        self.linkAddresses = linkAddresses
        self.tunnelEnds = tunnelEnds
        self.ipipEnds = ipipEnds
    }

    /// The other end of each veth of a blueprint.
    private static func cables(of blueprint: Blueprint) -> [VethPeer: VethPeer] {
        var cables: [VethPeer: VethPeer] = [:]
        for namespace in blueprint.namespaces {
            for link in namespace.content.links {
                guard case .veth(let peer?) = link.kind else { continue }
                cables[VethPeer(namespace: namespace.name, name: link.name)] = peer
            }
        }
        return cables
    }

    /// The number of a namespace.
    func index(of namespace: String) -> Int? { indices[namespace] }

    /// The VXLAN device that takes in what is sent to an address of a namespace.
    func tunnelEnd(in namespace: Int, at local: IPAddress, like vxlan: VXLAN) -> LinkID? {
        tunnelEnds[TunnelKey(namespace: namespace, local: local, vni: vxlan.vni, port: vxlan.port)]
    }

    /// The IPIP tunnel that takes in what is sent from one address to another: the one that names most of the two
    /// (`ip_tunnel_lookup` in net/ipv4/ip_tunnel.c).
    func ipipEnd(in namespace: Int, from remote: IPAddress, to local: IPAddress) -> LinkID? {
        var best: (named: Int, end: LinkID)?
        for end in ipipEnds[namespace] ?? [] {
            guard case .ipip(let ipip) = domains.ports[end].kind else { continue }
            let ends = [(ipip.local, local), (ipip.remote, remote)]
            guard ends.allSatisfy({ named, seen in named.map { .v4($0) == seen } ?? true }) else { continue }
            let named = ends.count { $0.0 != nil }
            if best.map({ $0.named < named }) ?? true { best = (named, end) }
        }
        return best?.end
    }

    /// The link that answers for an address on a link's segment: the one that has it, else one that answers by proxy.
    func answer(for address: IPAddress, on id: LinkID) -> LinkID? {
        switch domains.reach[id] {
        case .nobody: return nil
        case .one(let end):
            let port = domains.ports[end]
            let owner = tables[port.namespace]
            let has = address.family == .ipv4 ? owner.own.contains(address) : linkAddresses[end].contains(address)
            return has || owner.answersByProxy(for: address, on: port.name) ? end : nil
        case .segment(let number):
            let segment = domains.segments[number]
            if let end = segment.ends[address] { return end }
            return segment.all.first { end in
                end != id
                    && tables[domains.ports[end].namespace].answersByProxy(for: address, on: domains.ports[end].name)
            }
        }
    }

    /// The link on a link's segment that has a MAC address.
    func end(with mac: MACAddress, on id: LinkID) -> LinkID? {
        switch domains.reach[id] {
        case .nobody: nil
        case .one(let end): domains.ports[end].mac == mac || domains.ports[end].mac == nil ? end : nil
        case .segment(let number): domains.segments[number].endsByMAC[mac]
        }
    }
}
