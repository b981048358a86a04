import Addresses
import Blueprint
import KernelTestSupport
import NetworkObjects

/// A blueprint's objects against what the tools tell, object by object, both ways: what is missing or different, and what
/// nobody asked for. Written for the tests alone, so that it shares no rule with what it tests.
struct Differences {
    private let wanted: NamespaceContent
    private let seen: ToolView
    private(set) var found: [String] = []

    init(_ wanted: NamespaceContent, _ seen: ToolView) {
        (self.wanted, self.seen) = (wanted, seen)
        links()
        addresses()
        routes()
        neighbours()
        forwarding()
        vlans()
        for setting in wanted.sysctls where seen.settings[setting.path] != setting.value {
            found.append("\(setting.path) is \(seen.settings[setting.path] ?? "not there"), not \(setting.value)")
        }
        compare("queueing discipline", Set(wanted.qdiscs.map(Self.text)), seen.qdiscs)
        compare("table", Set(wanted.tables.map { "\($0.family) \($0.name)" }), seen.tables)
    }

    private static func text(_ qdisc: Qdisc) -> String {
        switch qdisc.kind {
        case .netem(let netem):
            "\(qdisc.device) netem delay \(Double(netem.delay) / 1e9) rate \(netem.rate.map { "\($0)" } ?? "-")"
        case .tokenBucket(let bucket): "\(qdisc.device) tbf rate \(bucket.rate)"
        case .other(let name): "\(qdisc.device) \(name)"
        }
    }

    private mutating func compare(_ what: String, _ wanted: Set<String>, _ seen: Set<String>) {
        found += wanted.subtracting(seen).sorted().map { "\(what) \($0) is missing" }
        found += seen.subtracting(wanted).sorted().map { "\(what) \($0) is too much" }
    }

    // MARK: Links

    private mutating func links() {
        let asked = Set(wanted.links.map(\.name.description))
        compare("link", asked, Set(seen.links.keys).filter { !Witness.isKernelsOwn($0) || asked.contains($0) })
        for link in wanted.links {
            guard let object = seen.links[link.name.description] else { continue }
            func check(_ what: String, _ wanted: Any?, _ seen: Any?) {
                let (wanted, seen) = (wanted.map { "\($0)" }, seen.map { "\($0)" })
                if wanted != seen { found.append("\(link.name): \(what) is \(seen ?? "none"), not \(wanted ?? "any")") }
            }
            if let mac = link.mac { check("address", mac, object["address"]) }
            if let mtu = link.mtu { check("mtu", mtu, object["mtu"]) }
            check("master", link.master, object["master"])
            check("group", link.group, object["group"])
            if let alias = link.alias { check("alias", alias, object["ifalias"]) }
            check("up", link.isUp, (object["flags"] as? [String])?.contains("UP"))
            let info = object["linkinfo"] as? ToolView.Object
            let data = info?["info_data"] as? ToolView.Object
            let kind = info?["info_kind"]
            switch link.kind {
            case .loopback: check("kind", "[772]", object["link_type"])
            case .veth:
                check("kind", "veth", kind)
                check("carrier", true, (object["flags"] as? [String])?.contains("LOWER_UP"))
            case .bridge(let bridge):
                check("kind", "bridge", kind)
                check("vlan_filtering", bridge.vlanFiltering ? 1 : 0, data?["vlan_filtering"])
                check("stp_state", 0, data?["stp_state"])
                if let pvid = bridge.defaultPVID { check("vlan_default_pvid", pvid, data?["vlan_default_pvid"]) }
            case .vlan(let vlan):
                check("kind", "vlan", kind)
                check("id", vlan.id, data?["id"])
                // 0x8100, the number of 802.1Q: that is how ip writes it where it is asked for numbers (-N).
                check("protocol", "[33024]", data?["protocol"])
                check("link", vlan.parent, object["link"])
            case .vxlan(let vxlan):
                check("kind", "vxlan", kind)
                check("id", vxlan.vni, data?["id"])
                check("port", vxlan.port, data?["port"])
                check("local", vxlan.local, data?[vxlan.local.family == .ipv4 ? "local" : "local6"])
                check("link", vxlan.device, data?["link"])
                check("learning", vxlan.learning ? 1 : 0, data?["learning"])
            case .ipip:
                check("kind", "ipip", kind)
                check("remote", "any", data?["remote"])
                check("local", "any", data?["local"])
            case .other(let name): check("kind", name, kind)
            }
        }
    }

    private mutating func addresses() {
        var present: Set<String> = []
        for (name, link) in seen.links {
            for address in link["addr_info"] as? [ToolView.Object] ?? [] {
                let text =
                    "\(text(address, "local"))/\(text(address, "prefixlen")) dev \(name) scope \(text(address, "scope"))"
                // What the kernel gives by itself: lo's own, and link-local ones.
                let isOwn =
                    text.hasPrefix("127.0.0.1/8 dev lo ") || text.hasPrefix("::1/128 dev lo ")
                    || text.hasPrefix("fe80:") && text.contains("/64 ")
                if !isOwn { present.insert(text) }
                if address["tentative"] != nil || address["dadfailed"] != nil { found.append("\(text) is tentative") }
            }
        }
        let asked = wanted.addresses.map {
            "\($0.address.address)/\($0.address.prefixLength) dev \($0.device) scope \($0.scope.rawValue)"
        }
        compare("address", Set(asked), present)
    }

    // MARK: Tables

    private mutating func routes() {
        // The kernel makes its own (protocol 2) from addresses.
        var present = seen.routes.filter { text($0, "protocol") != "2" }.map { route in
            let onlink = (route["flags"] as? [String])?.contains("onlink") == true
            let text =
                "type \(text(route, "type")) \(text(route, "dst")) via \(text(route, "gateway")) "
                + "proto \(text(route, "protocol")) scope \(text(route, "scope")) metric \(text(route, "metric")) "
                + "src \(text(route, "prefsrc"))\(onlink ? " onlink" : "")"
            return (text: text, device: self.text(route, "dev"))
        }
        for route in wanted.routes {
            let isV6 = route.destination.family == .ipv6
            let dst =
                route.destination.length == 0
                ? "default"
                : route.destination.length == (isV6 ? 128 : 32)
                    ? "\(route.destination.address)" : "\(route.destination.address)/\(route.destination.length)"
            let metric = route.metric != 0 ? "\(route.metric)" : isV6 ? "1024" : "-"
            let text =
                "type \(route.kind.rawValue) \(dst) via \(route.gateway?.description ?? "-") "
                + "proto \(route.origin.rawValue) scope \(isV6 ? 0 : route.scope.rawValue) metric \(metric) "
                + "src \(route.preferredSource?.description ?? "-")\(route.onlink ? " onlink" : "")"
            let device = route.kind == .unicast ? route.device?.description : isV6 ? "lo" : "-"
            if let index = present.firstIndex(where: { $0.text == text && (device == nil || device == $0.device) }) {
                present.remove(at: index)
            } else {
                found.append("route \(text) dev \(device ?? "any") is missing")
            }
        }
        found += present.map { "route \($0.text) dev \($0.device) is too much" }
    }

    private mutating func neighbours() {
        let present = seen.neighbours.map {
            "\(text($0, "dst")) dev \(text($0, "dev")) lladdr \(text($0, "lladdr")) \(($0["state"] as? [String]) ?? [])"
        }
        let asked = wanted.neighbours.map {
            "\($0.address) dev \($0.device) lladdr \($0.mac?.description ?? "-") [\"PERMANENT\"]"
        }
        compare("neighbour", Set(asked), Set(present))
    }

    private mutating func forwarding() {
        // Entries without a destination are the addresses that a device itself listens to, and what a bridge learnt.
        let present = seen.forwarding.filter { $0["dst"] != nil }.map {
            "\(text($0, "mac")) dev \(text($0, "ifname")) dst \(text($0, "dst")) \(($0["flags"] as? [String]) ?? []) "
                + text($0, "state")
        }
        let asked = wanted.forwarding.map {
            "\($0.mac) dev \($0.device) dst \($0.destination?.description ?? "-") [\"self\"] permanent"
        }
        compare("forwarding entry", Set(asked), Set(present))
    }

    private mutating func vlans() {
        var present: Set<String> = []
        for port in seen.vlans {
            for vlan in port["vlans"] as? [ToolView.Object] ?? [] {
                let flags = vlan["flags"] as? [String] ?? []
                let first = vlan["vlan"] as? Int ?? 0
                for id in first...(vlan["vlanEnd"] as? Int ?? first) {
                    present.insert(
                        "\(id) dev \(text(port, "ifname"))\(flags.contains("PVID") ? " pvid" : "")"
                            + (flags.contains("Egress Untagged") ? " untagged" : ""))
                }
            }
        }
        let asked = wanted.bridgeVLANs.map {
            "\($0.id) dev \($0.device)\($0.isPVID ? " pvid" : "")\($0.isUntagged ? " untagged" : "")"
        }
        compare("VLAN", Set(asked), present)
    }

    /// A field as text; `-` where there is none.
    private func text(_ object: ToolView.Object, _ key: String) -> String { object[key].map { "\($0)" } ?? "-" }
}
