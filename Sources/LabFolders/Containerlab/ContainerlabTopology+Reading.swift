import Addresses
import Topology

extension ContainerlabTopology {
    /// Reads a topology file's document.
    init(_ root: Field, _ findings: inout Findings) {
        name = root["name"].text(&findings).map { Located($0, at: root["name"].place) }
        let topology = root["topology"]
        guard topology.isPresent else {
            findings.error(root, "a containerlab topology has its nodes under topology:, which is missing")
            return
        }
        let inheritance = Inheritance(topology)
        for (name, field) in topology["nodes"].map(&findings) {
            guard nodes.count < Self.maximumNodes else {
                findings.error(field, "the topology has more than \(Self.maximumNodes) nodes")
                break
            }
            nodes.append(Node(name, field, inheritance, &findings))
        }
        if nodes.isEmpty, findings.errors.isEmpty { findings.error(topology, "the topology has no nodes") }
        let names = Set(nodes.map(\.name))
        for field in topology["links"].list(&findings) {
            if let link = Link(field, names, &findings) { links.append(link) }
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
        _ name: String, _ field: Field, _ inheritance: ContainerlabTopology.Inheritance, _ findings: inout Findings
    ) {
        self.name = name
        place = field.place
        let group = field["group"].text(&findings).map { inheritance.groups[$0] }
        let written = [field["kind"], group?["kind"], inheritance.defaults["kind"]].compactMap(\.self).first {
            $0.isPresent
        }
        let kind = written?.text(&findings) ?? ""
        if kind.isEmpty { findings.error(field, "node \(name) has no kind, such as kind: linux") }
        self.kind = Self.spelling[kind] ?? kind
        // The nearest comes first: the node, its group, its kind, the defaults (`pkg/types/topology.go`).
        let kindFields = ([kind] + Self.spelling.filter { $0.value == self.kind }.map(\.key).sorted() + [self.kind])
            .map { inheritance.kinds[$0] }.first { $0.isPresent }
        let sources = [field, group, kindFields, inheritance.defaults].compactMap(\.self)
        if let config = sources.map({ $0["startup-config"] }).first(where: \.isPresent) {
            readConfig(config, &findings)
        }
        // Lists and maps come together, the farthest first.
        for source in sources.reversed() {
            for line in source["exec"].list(&findings) {
                if let text = line.text(&findings) { exec.append(Located(text, at: line.place)) }
            }
            for (key, value) in source["sysctls"].map(&findings) {
                if let value = value.text(&findings) {
                    sysctls.append(Located([key, value], at: source["sysctls"].place))
                }
            }
            labels.merge(source["labels"].texts(&findings)) { $1 }
            environment.merge(source["env"].texts(&findings)) { $1 }
        }
    }

    /// The configuration itself where it has several lines, as containerlab decides it, and a path otherwise.
    private mutating func readConfig(_ field: Field, _ findings: inout Findings) {
        guard let text = field.text(&findings) else { return }
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
    fileprivate init?(_ field: Field, _ nodes: Set<String>, _ findings: inout Findings) {
        place = field.place
        path = field.path
        let type = field["type"].text(&findings) ?? "veth"
        guard type == "veth" else {
            findings.warn(field["type"], "a link of type \(type) leads out of the lab; it is left out")
            return nil
        }
        mtu = field["mtu"].number(&findings, "an MTU in bytes", 68...65535)
        let written = field["endpoints"].list(&findings)
        guard written.count == 2 else {
            findings.error(field, "a link has two endpoints: endpoints: [\"a:eth1\", \"b:eth1\"]")
            return nil
        }
        ends = []
        for end in written {
            guard let read = ContainerlabTopology.End(end, &findings) else { return nil }
            guard nodes.contains(read.node) else {
                // containerlab's own words for the host's side of a link.
                if ["host", "mgmt-net", "macvlan", "vxlan", "vxlan-stitch", "dummy"].contains(read.node) {
                    findings.warn(end, "a link to \(read.node) leads out of the lab; it is left out")
                } else {
                    let near = suggestion(for: read.node, among: nodes.sorted())
                    findings.error(
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
    fileprivate init?(_ field: Field, _ findings: inout Findings) {
        if let text = field.text {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                findings.error(field, "\"\(text)\" is not an endpoint, such as ceos01:eth1")
                return nil
            }
            self.init(node: parts[0], interface: parts[1])
            return
        }
        guard let node = field["node"].text(&findings), let interface = field["interface"].text(&findings) else {
            findings.error(field, "an endpoint has a node and an interface: { node: ceos01, interface: eth1 }")
            return nil
        }
        self.init(node: node, interface: interface)
        if let mac = field["mac"].text(&findings) {
            hardwareAddress = MACAddress(mac)
            if hardwareAddress == nil { findings.error(field["mac"], "\"\(mac)\" is not a MAC address") }
        }
    }
}
