import Addresses
import Topology

extension ContainerlabTopology.Link {
    /// Reads a link; nil for one that cannot be there, which is told. containerlab would refuse the whole topology then.
    ///
    /// - Parameter nodes: the names of the topology's nodes.
    init?(_ field: Field, _ nodes: Set<String>, _ diagnostics: inout Diagnostics) {
        place = field.place
        path = field.path
        mtu = field["mtu"].number(&diagnostics, "an MTU in bytes", 68...65535)
        let written = (field["type"].text(&diagnostics) ?? "").lowercased().trimmingBlanks
        switch written {
        case "", "brief", "veth", "veth-stitch": break
        default:
            guard let type = FarEnd(type: written, field) else {
                let near = suggestion(for: written, among: FarEnd.types)
                diagnostics.warn(
                    field["type"],
                    "there is no link of type \(written)\(near.map { "; did you mean \"\($0)\"?" } ?? ""); it is left out"
                )
                return nil
            }
            guard let end = ContainerlabTopology.End(field["endpoint"], nodes, &diagnostics) else { return nil }
            (ends, far) = ([end], type)
            warnOfVariables(field, &diagnostics)
            return
        }
        let endpoints = field["endpoints"].list(&diagnostics)
        guard endpoints.count == 2 else {
            diagnostics.warn(field, "a link has two endpoints, endpoints: [\"a:eth1\", \"b:eth1\"]; it is left out")
            return nil
        }
        ends = []
        for end in endpoints {
            // containerlab's own words for what is no node of the topology.
            let node = end.text.map { String($0.prefix { $0 != ":" }) } ?? end["node"].text ?? ""
            if !nodes.contains(node), let type = FarEnd(type: node, field, end), far == nil {
                far = type
            } else if let read = ContainerlabTopology.End(end, nodes, &diagnostics) {
                ends.append(read)
            } else {
                return nil
            }
        }
        if ends.isEmpty {
            diagnostics.warn(field, "neither end of this link is at a node; it is left out")
            return nil
        }
        if far == nil { readAddresses(field, &diagnostics) }
        warnOfVariables(field, &diagnostics)
    }

    /// `ipv4` and `ipv6` of a link in the brief form: an address for each end, an empty one for none.
    private mutating func readAddresses(_ field: Field, _ diagnostics: inout Diagnostics) {
        for (key, family) in [("ipv4", AddressFamily.ipv4), ("ipv6", .ipv6)] {
            let items = field[key].list(&diagnostics)
            if items.count > 2 { diagnostics.warn(field[key], "a link has two ends; the other addresses are left out") }
            for (index, item) in items.prefix(2).enumerated() where item.text?.trimmingBlanks != "" {
                ends[index].take(item, family, &diagnostics)
            }
        }
    }

    private func warnOfVariables(_ field: Field, _ diagnostics: inout Diagnostics) {
        let fields = [field["vars"]] + (field["endpoints"].items + [field["endpoint"]]).map { $0["vars"] }
        if let vars = fields.first(where: \.isPresent) {
            diagnostics.warn(
                vars,
                "variables are for the templates of `containerlab config`, which is not run; they change nothing here")
        }
    }
}

extension ContainerlabTopology.Link.FarEnd {
    /// The types of links that have one end at a node.
    static let types = ["dummy", "host", "macvlan", "mgmt-net", "vxlan", "vxlan-stitch"]

    /// - Parameters:
    ///   - type: the link's type, or the word in the place of a node.
    ///   - link: the link.
    ///   - end: the end that the word is written in.
    fileprivate init?(type: String, _ link: Field, _ end: Field? = nil) {
        let far =
            end?.text.flatMap { $0.split(separator: ":", maxSplits: 1).dropFirst().first.map(String.init) }
            ?? end?["interface"].text ?? link["host-interface"].text
        switch type {
        case "dummy": self = .dummy
        case "mgmt-net": self = .managementNetwork
        case "host": self = .missing("\(far ?? "the other end") would be an interface of the machine itself")
        case "macvlan": self = .missing("it would be on \(far ?? "an interface") of the machine itself (macvlan)")
        case "vxlan", "vxlan-stitch":
            let remote = link["remote"].text.map { " to \($0)" } ?? ""
            self = .missing("it would be a tunnel out of the machine\(remote) (\(type))")
        default: return nil
        }
    }
}

extension ContainerlabTopology.End {
    /// `node:eth1`, or `{ node: node, interface: eth1, mac: 00:… }`.
    fileprivate init?(_ field: Field, _ nodes: Set<String>, _ diagnostics: inout Diagnostics) {
        if let text = field.text {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                diagnostics.warn(field, "\"\(text)\" is not an endpoint, such as ceos01:eth1; the link is left out")
                return nil
            }
            self.init(node: parts[0], interface: parts[1], place: field.place)
        } else {
            guard let node = field["node"].text(&diagnostics), let interface = field["interface"].text(&diagnostics)
            else {
                diagnostics.warn(
                    field,
                    "an endpoint has a node and an interface, { node: ceos01, interface: eth1 }; the link is left out")
                return nil
            }
            self.init(node: node, interface: interface, place: field.place)
        }
        guard nodes.contains(node) else {
            let near = suggestion(for: node, among: nodes.sorted())
            diagnostics.warn(
                field,
                "there is no node \(node)\(near.map { "; did you mean \"\($0)\"?" } ?? ""); the link is left out")
            return nil
        }
        if let mac = field["mac"].text(&diagnostics) {
            hardwareAddress = MACAddress(mac)
            if hardwareAddress == nil {
                diagnostics.warn(field["mac"], "\"\(mac)\" is not a MAC address; the kernel chooses one")
            }
        }
        take(field["ipv4"], .ipv4, &diagnostics)
        take(field["ipv6"], .ipv6, &diagnostics)
    }

    /// Takes an address that the link gives the interface.
    fileprivate mutating func take(_ field: Field, _ family: AddressFamily, _ diagnostics: inout Diagnostics) {
        guard let text = field.text(&diagnostics)?.trimmingBlanks else { return }
        if let address = InterfaceAddress(text), address.family == family {
            addresses.append(Located(address, at: field.place))
        } else {
            diagnostics.warn(
                field,
                "\"\(text)\" is not an \(family) address with its length, such as "
                    + (family == .ipv4 ? "192.0.2.1/24" : "2001:db8::1/64") + "; the interface gets none of it")
        }
    }
}
