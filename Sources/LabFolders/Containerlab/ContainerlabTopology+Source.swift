import Addresses
import Topology

extension ContainerlabTopology {
    /// Reads a topology file's document.
    init(_ root: Field, _ diagnostics: inout Diagnostics) {
        name = root["name"].text(&diagnostics).map { Located($0, at: root["name"].place) }
        let topology = root["topology"]
        guard topology.isPresent else {
            diagnostics.error(root, "a containerlab topology has its nodes under topology:, which is missing")
            return
        }
        let inheritance = Inheritance(topology)
        for (name, field) in topology["nodes"].map(&diagnostics) {
            guard nodes.count < Self.maximumNodes else {
                diagnostics.error(field, "the topology has more than \(Self.maximumNodes) nodes")
                break
            }
            nodes.append(Node(name, field, inheritance, &diagnostics))
        }
        replaceVariables()
        if nodes.isEmpty, diagnostics.errors.isEmpty { diagnostics.error(topology, "the topology has no nodes") }
        let names = Set(nodes.map(\.name))
        for field in topology["links"].list(&diagnostics) {
            if let link = Link(field, names, &diagnostics) { links.append(link) }
        }
    }

    /// Puts in the names that containerlab puts into lines (`magicVarReplacer` in core/config.go).
    private mutating func replaceVariables() {
        let lab = "clab-\(name?.value ?? "")"
        for index in nodes.indices {
            let node = nodes[index].name
            for line in nodes[index].exec.indices where nodes[index].exec[line].text.value.contains("__clab") {
                nodes[index].exec[line].text.value = nodes[index].exec[line].text.value
                    .replacing("__clabNodeName__", with: node).replacing("__clabLabName__", with: lab)
            }
        }
    }

    /// A lab's size, not containerlab's limit.
    static let maximumNodes = 2000

    /// Where a node's fields come from when it does not have them itself.
    fileprivate struct Inheritance {
        let defaults: Field
        let kinds: Field
        let groups: Field

        init(_ topology: Field) {
            defaults = topology["defaults"]
            kinds = topology["kinds"]
            groups = topology["groups"]
        }
    }
}

extension ContainerlabTopology.Node {
    fileprivate init(
        _ name: String, _ field: Field, _ inheritance: ContainerlabTopology.Inheritance,
        _ diagnostics: inout Diagnostics
    ) {
        self.name = name
        place = field.place
        let group = field["group"].text(&diagnostics).map { inheritance.groups[$0] }
        let written = [field["kind"], group?["kind"], inheritance.defaults["kind"]].compactMap(\.self).first {
            $0.isPresent
        }
        let kind = written?.text(&diagnostics) ?? ""
        if kind.isEmpty { diagnostics.error(field, "node \(name) has no kind, such as kind: linux") }
        self.kind = Self.spelling[kind] ?? kind
        // The nearest comes first: the node, its group, its kind, the defaults (`pkg/types/topology.go`).
        let kindFields = ([kind] + Self.spelling.filter { $0.value == self.kind }.map(\.key).sorted() + [self.kind])
            .map { inheritance.kinds[$0] }.first { $0.isPresent }
        let sources = [field, group, kindFields, inheritance.defaults].compactMap(\.self)
        if let config = sources.map({ $0["startup-config"] }).first(where: \.isPresent) {
            readConfig(config, &diagnostics)
        }
        // Lists and maps come together, the farthest first.
        for source in sources.reversed() {
            for line in source["exec"].list(&diagnostics) {
                if let text = line.text(&diagnostics) { exec.append(.init(text: Located(text, at: line.place))) }
            }
            for line in source["binds"].list(&diagnostics) {
                if let text = line.text(&diagnostics) { binds.append(Located(text, at: line.place)) }
            }
            for (key, value) in source["sysctls"].map(&diagnostics) {
                if let value = value.text(&diagnostics) {
                    sysctls.append(Located([key, value], at: source["sysctls"].place))
                }
            }
            labels.merge(source["labels"].texts(&diagnostics)) { $1 }
            environment.merge(source["env"].texts(&diagnostics)) { $1 }
        }
        readStages(sources.reversed(), &diagnostics)
    }

    /// The configuration itself where it has several lines, as containerlab decides it, and a path otherwise.
    private mutating func readConfig(_ field: Field, _ diagnostics: inout Diagnostics) {
        guard let text = field.text(&diagnostics) else { return }
        if text.contains(where: \.isNewline) {
            inlineConfig = Located(text, at: field.place)
        } else {
            startupConfig = Located(text, at: field.place)
        }
    }

    /// Other names of kinds (`KindNames` in containerlab's nodes).
    private static let spelling = ["ceos": "arista_ceos", "ovs-bridge": "bridge", "k8s_kind": "k8s-kind"]
}

extension ContainerlabTopology.Link {
    fileprivate init?(_ field: Field, _ nodes: Set<String>, _ diagnostics: inout Diagnostics) {
        place = field.place
        path = field.path
        let type = field["type"].text(&diagnostics) ?? "veth"
        guard type == "veth" else {
            diagnostics.warn(field["type"], "a link of type \(type) leads out of the lab; it is left out")
            return nil
        }
        mtu = field["mtu"].number(&diagnostics, "an MTU in bytes", 68...65535)
        let written = field["endpoints"].list(&diagnostics)
        guard written.count == 2 else {
            diagnostics.error(field, "a link has two endpoints: endpoints: [\"a:eth1\", \"b:eth1\"]")
            return nil
        }
        ends = []
        for end in written {
            guard let read = ContainerlabTopology.End(end, &diagnostics) else { return nil }
            guard nodes.contains(read.node) else {
                // containerlab's own words for the host's side of a link.
                if ["host", "mgmt-net", "macvlan", "vxlan", "vxlan-stitch", "dummy"].contains(read.node) {
                    diagnostics.warn(end, "a link to \(read.node) leads out of the lab; it is left out")
                } else {
                    let near = suggestion(for: read.node, among: nodes.sorted())
                    diagnostics.error(
                        end, "there is no node \(read.node)" + (near.map { "; did you mean \"\($0)\"?" } ?? ""))
                }
                return nil
            }
            ends.append(read)
        }
    }
}

extension ContainerlabTopology.End {
    /// `node:eth1`, or `{ node: node, interface: eth1, mac: 00:… }`.
    fileprivate init?(_ field: Field, _ diagnostics: inout Diagnostics) {
        if let text = field.text {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                diagnostics.error(field, "\"\(text)\" is not an endpoint, such as ceos01:eth1")
                return nil
            }
            self.init(node: parts[0], interface: parts[1])
            return
        }
        guard let node = field["node"].text(&diagnostics), let interface = field["interface"].text(&diagnostics) else {
            diagnostics.error(field, "an endpoint has a node and an interface: { node: ceos01, interface: eth1 }")
            return nil
        }
        self.init(node: node, interface: interface)
        if let mac = field["mac"].text(&diagnostics) {
            hardwareAddress = MACAddress(mac)
            if hardwareAddress == nil { diagnostics.error(field["mac"], "\"\(mac)\" is not a MAC address") }
        }
    }
}
