import Addresses
import Topology

extension CalicoResources {
    /// The operator's `Installation`.
    mutating func addInstallation(_ root: Field, _ diagnostics: inout Diagnostics) {
        installation = root.place
        let network = root["spec"]["calicoNetwork"]
        isBGPDisabled = network["bgp"].text(&diagnostics) == "Disabled"
        if let mtu: UInt32 = network["mtu"].number(&diagnostics, "an MTU in bytes", 68...65535) { self.mtu = mtu }
        if network["hostPorts"].text(&diagnostics) == "Disabled" { mapsHostPorts = false }
        let dataplane = network["linuxDataplane"]
        if let text = dataplane.text(&diagnostics), !["Iptables", "Nftables"].contains(text) {
            diagnostics.warn(dataplane, "\(text) is not built; nodes have nf_tables rules")
        }
        let plugin = root["spec"]["cni"]
        if let type = plugin["type"].text(&diagnostics), type != "Calico" {
            diagnostics.warn(plugin["type"], "pods have Calico's own plugin here, and not \(type)")
        }
        if let type = plugin["ipam"]["type"].text(&diagnostics), type != "Calico" {
            diagnostics.warn(plugin["ipam"]["type"], "pods get addresses of Calico's blocks here, and not by \(type)")
        }
        for (family, key) in [
            (AddressFamily.ipv4, "nodeAddressAutodetectionV4"), (.ipv6, "nodeAddressAutodetectionV6"),
        ] where network[key].isPresent {
            if let method = Self.detection(network[key], family, &diagnostics) {
                detection[family] = Autodetection(method: method, place: network[key].place)
            }
        }
        guard network["ipPools"].isPresent else { return }
        var pools: [Located<Pool>] = []
        for field in network["ipPools"].list(&diagnostics) {
            if let pool = operatorPool(field, among: pools.map(\.value), &diagnostics) {
                pools.append(Located(pool, at: field.place))
            }
        }
        installedPools = pools
    }

    /// An `IPPool` of `projectcalico.org/v3` or `crd.projectcalico.org/v1`.
    mutating func addPool(_ root: Field, _ diagnostics: inout Diagnostics) {
        let spec = root["spec"]
        guard let name = root["metadata"]["name"].text(&diagnostics) else {
            return diagnostics.error(root, "an IPPool needs a name: metadata: { name: … }")
        }
        guard let prefix = Self.range(spec, &diagnostics) else { return }
        var pool = Pool(name: name, prefix: prefix)
        readCommon(&pool, spec, &diagnostics)
        let never = "Never"
        let vxlan = spec["vxlanMode"].text(&diagnostics) ?? never
        let ipip = spec["ipipMode"].text(&diagnostics) ?? never
        if vxlan != never, ipip != never {
            diagnostics.error(spec["vxlanMode"], "a pool has vxlanMode or ipipMode, not both")
        }
        switch (vxlan, ipip) {
        case ("Always", _): pool.encapsulation = .vxlan
        case ("CrossSubnet", _): pool.encapsulation = .vxlanCrossSubnet
        case (never, "Always"): pool.encapsulation = .ipip
        case (never, "CrossSubnet"): pool.encapsulation = .ipipCrossSubnet
        case (never, never): pool.encapsulation = .none
        default:
            diagnostics.error(
                spec[vxlan == never ? "ipipMode" : "vxlanMode"], "want Never, CrossSubnet or Always")
        }
        pool.natOutgoing =
            spec["natOutgoing"].boolean(&diagnostics) ?? spec["nat-outgoing"].boolean(&diagnostics) ?? false
        if spec["disabled"].boolean(&diagnostics) == true { pool.allowedUses = [] }
        pools.append(Located(pool, at: root.place))
    }

    /// An `IPReservation`.
    mutating func addReservation(_ root: Field, _ diagnostics: inout Diagnostics) {
        for field in root["spec"]["reservedCIDRs"].list(&diagnostics) {
            if let prefix = field.prefix(&diagnostics), !reservations.contains(prefix) { reservations.append(prefix) }
        }
    }

    /// A `FelixConfiguration`; only the one of the name `default` is of the whole cluster.
    mutating func addFelix(_ root: Field, _ diagnostics: inout Diagnostics) {
        guard root["metadata"]["name"].text ?? "default" == "default" else {
            return diagnostics.warn(root, "the FelixConfiguration of one node is not taken over")
        }
        let spec = root["spec"]
        if let port: UInt16 = spec["vxlanPort"].number(&diagnostics, "a UDP port", 1...65535) { vxlanPort = port }
        if let vni: UInt32 = spec["vxlanVNI"].number(&diagnostics, "a VXLAN network identifier", 1...0xff_ffff) {
            vxlanVNI = vni
        }
        for key in ["vxlanMTUV6", "vxlanMTU"] {
            if let mtu: UInt32 = spec[key].number(&diagnostics, "an MTU in bytes", 0...65535), mtu >= 68 {
                vxlanMTU = mtu
            }
        }
        if let mtu: UInt32 = spec["ipipMTU"].number(&diagnostics, "an MTU in bytes", 0...65535), mtu >= 68 {
            ipipMTU = mtu
        }
        for key in ["wireguardEnabled", "wireguardEnabledV6", "bpfEnabled"]
        where spec[key].boolean(&diagnostics) == true { diagnostics.warn(spec[key], "this is not taken over") }
    }

    /// A `KubeControllersConfiguration`: what it says of load balancers' addresses.
    mutating func addControllers(_ root: Field, _ diagnostics: inout Diagnostics) {
        let field = root["spec"]["controllers"]["loadBalancer"]["assignIPs"]
        if let found: LoadBalancerAssignment = field.word(&diagnostics, "an assignment of addresses") {
            loadBalancerAssignment = found
        }
    }

    /// A `BGPConfiguration`; which services are announced, only the one of the name `default` says.
    mutating func addBGP(_ root: Field, _ diagnostics: inout Diagnostics) {
        guard root["metadata"]["name"].text ?? "default" == "default" else { return }
        for key in ["serviceClusterIPs", "serviceExternalIPs", "serviceLoadBalancerIPs"] {
            for range in root["spec"][key].list(&diagnostics) {
                guard let prefix = range["cidr"].prefix(&diagnostics), !advertisedServices.contains(prefix) else {
                    continue
                }
                advertisedServices.append(prefix)
            }
        }
    }

    /// A `BGPPeer`.
    mutating func addPeer(_ root: Field, _ diagnostics: inout Diagnostics) {
        let spec = root["spec"]
        var peer = BGPPeer()
        if let text = spec["peerIP"].text(&diagnostics) {
            // An address may have a port after it: `10.0.0.1:179`, `[fd00::1]:179`.
            let bare = text.hasPrefix("[") ? String(text.dropFirst().prefix { $0 != "]" }) : text
            peer.address = IPAddress(bare) ?? IPAddress(bare.prefix { $0 != ":" })
            if peer.address == nil { diagnostics.error(spec["peerIP"], "\"\(text)\" is not the address of a peer") }
        }
        peer.node = spec["node"].text(&diagnostics)
        if let text = spec["nodeSelector"].text(&diagnostics) {
            do throws(LabelExpression.SyntaxError) { peer.nodes = try LabelExpression(text) } catch {
                diagnostics.error(spec["nodeSelector"], "\"\(text)\" is not a selector: \(error.sentence)")
            }
        }
        peers.append(peer)
    }

    // MARK: Pools

    /// A pool of the `Installation`, with the operator's defaults (`fillDefaults` in its pkg/controller/ippool).
    private func operatorPool(_ field: Field, among others: [Pool], _ diagnostics: inout Diagnostics) -> Pool? {
        guard let prefix = Self.range(field, &diagnostics) else { return nil }
        let name = field["name"].text(&diagnostics) ?? Self.defaultName(prefix.family, among: others)
        var pool = Pool(name: name, prefix: prefix)
        readCommon(&pool, field, &diagnostics)
        pool.encapsulation = defaultEncapsulation(prefix.family)
        if let text = field["encapsulation"].text(&diagnostics) {
            if let encapsulation = Pool.Encapsulation(rawValue: text) {
                pool.encapsulation = encapsulation
            } else {
                let names = Pool.Encapsulation.allCases.map(\.rawValue)
                let near = suggestion(for: text, among: names)
                diagnostics.error(
                    field["encapsulation"],
                    "\"\(text)\" is not an encapsulation: \(names.joined(separator: ", "))"
                        + (near.map { "; did you mean \"\($0)\"?" } ?? ""))
            }
        }
        pool.natOutgoing = Self.isEnabled(field["natOutgoing"], &diagnostics) ?? true
        // What has an address keeps it; a new lab has none that has one.
        if field["disableNewAllocations"].boolean(&diagnostics) == true { pool.allowedUses = [] }
        return pool
    }

    /// The operator's names for pools that have none: the usual one, then with a number.
    static func defaultName(_ family: AddressFamily, among others: [Pool]) -> String {
        let usual = "default-\(family == .ipv4 ? "ipv4" : "ipv6")-ippool"
        let taken = Set(others.map(\.name))
        if !taken.contains(usual) { return usual }
        var number = 1
        while taken.contains("\(usual)-\(number)") { number += 1 }
        return "\(usual)-\(number)"
    }

    /// What the operator takes where nothing is said.
    private func defaultEncapsulation(_ family: AddressFamily) -> Pool.Encapsulation {
        family == .ipv6 ? .none : isBGPDisabled ? .vxlan : .ipip
    }

    /// The pools that the operator makes where the `Installation` names none: of the cluster's ranges.
    func defaultPools(_ podSubnets: [Prefix]) -> [Pool] {
        let fallback = Field.prefix("192.168.0.0/16").map { [$0] } ?? []
        return (podSubnets.isEmpty ? fallback : podSubnets).map { subnet in
            Pool(
                name: Self.defaultName(subnet.family, among: []), prefix: subnet,
                encapsulation: defaultEncapsulation(subnet.family), natOutgoing: true)
        }
    }

    private static func range(_ field: Field, _ diagnostics: inout Diagnostics) -> Prefix? {
        guard field["cidr"].isPresent else {
            diagnostics.error(field, "a pool needs its addresses: cidr: 192.168.0.0/16")
            return nil
        }
        guard let prefix = field["cidr"].prefix(&diagnostics) else { return nil }
        if let text = field["cidr"].text, InterfaceAddress(text)?.address != prefix.address {
            diagnostics.error(field["cidr"], "\(text) has host bits set; did you mean \(prefix)?")
        }
        return prefix
    }

    /// What pools of both forms have.
    private func readCommon(_ pool: inout Pool, _ field: Field, _ diagnostics: inout Diagnostics) {
        if let size: Int = field["blockSize"].number(&diagnostics, "the prefix length of a block", 0...128) {
            pool.blockSize = size
        }
        if let text = field["nodeSelector"].text(&diagnostics) {
            do {
                pool.nodeSelector = try Pool.NodeSelector(selector: text)
            } catch {
                diagnostics.error(field["nodeSelector"], "\"\(text)\" is not a selector: \(error.sentence)")
            }
        } else if case .tagged? = field["nodeSelector"].value?.content {
            diagnostics.error(field["nodeSelector"], "YAML reads a word after ! as a tag; put it in quotes: \"!all()\"")
        }
        pool.disablesBGPExport = field["disableBGPExport"].boolean(&diagnostics) ?? false
        pool.assignsAutomatically = field["assignmentMode"].text(&diagnostics) != "Manual"
        let uses = field["allowedUses"]
        if uses.isPresent {
            pool.allowedUses = Set(
                uses.list(&diagnostics).compactMap { use in
                    guard let text = use.text(&diagnostics) else { return nil }
                    let known = Pool.Use(rawValue: text)

                    if known == nil, text != "HostSecondaryInterface" {
                        diagnostics.error(use, "\"\(text)\" is not a use of a pool: Workload, Tunnel or LoadBalancer")
                    }
                    return known
                })
        }
        if field["namespaceSelector"].isPresent {
            diagnostics.warn(
                field["namespaceSelector"], "pools are not chosen by namespaceSelector; name them in annotations")
        }
    }

    /// `Enabled` or `Disabled`, or a boolean.
    private static func isEnabled(_ field: Field, _ diagnostics: inout Diagnostics) -> Bool? {
        guard let text = field.text(&diagnostics) else { return nil }
        switch text {
        case "Enabled", "true": return true
        case "Disabled", "false": return false
        default:
            diagnostics.error(field, "\"\(text)\" is neither Enabled nor Disabled")
            return nil
        }
    }
}
