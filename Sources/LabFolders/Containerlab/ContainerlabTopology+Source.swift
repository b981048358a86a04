import Addresses
import Topology

extension ContainerlabTopology {
    /// Reads a topology file's document.
    init(_ root: Field, _ diagnostics: inout Diagnostics) {
        FieldTable.containerlab.check(root, &diagnostics)
        name = root["name"].text(&diagnostics).map { Located($0, at: root["name"].place) }
        prefix = root["prefix"].text
        let topology = root["topology"]
        guard topology.isPresent else {
            diagnostics.error(root, "a containerlab topology has its nodes under topology:, which is missing")
            return
        }
        management = Management(root["mgmt"], &diagnostics)
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

        /// Where a node's kind is written (`GetNodeKind`): the node, its own group, the group of the defaults, the defaults.
        func kind(of node: Field) -> Field? {
            [node["kind"], group(node["group"])?["kind"], group(defaults["group"])?["kind"], defaults["kind"]]
                .compactMap(\.self).first(where: \.isPresent)
        }

        /// What is written of a kind, by whichever of its names.
        func fields(ofKind kind: String) -> Field? {
            ContainerlabKind.spellings(of: kind).map { kinds[$0] }.first(where: \.isPresent)
        }

        /// What is written of a node's group (`GetNodeGroup`): the node's own, that of its kind, that of the defaults.
        func group(of node: Field, _ kind: Field?, _ diagnostics: inout Diagnostics) -> Field? {
            let named = [node["group"], kind?["group"], defaults["group"]].compactMap(\.self).first(where: \.isPresent)
            return named?.text(&diagnostics).map { groups[$0] }
        }

        private func group(_ named: Field) -> Field? { named.text.map { groups[$0] } }
    }
}

extension ContainerlabTopology.Node {
    fileprivate init(
        _ name: String, _ field: Field, _ inheritance: ContainerlabTopology.Inheritance,
        _ diagnostics: inout Diagnostics
    ) {
        self.name = name
        place = field.place
        let kind = inheritance.kind(of: field)?.text(&diagnostics) ?? ""
        if kind.isEmpty { diagnostics.error(field, "node \(name) has no kind, such as kind: linux") }
        self.kind = ContainerlabKind.name(kind)
        let kindFields = inheritance.fields(ofKind: kind)
        let group = inheritance.group(of: field, kindFields, &diagnostics)
        // The nearest comes first: the node, its group, its kind, the defaults (types/topology.go).
        let sources = [field, group, kindFields, inheritance.defaults].compactMap(\.self)
        if let config = sources.map({ $0["startup-config"] }).first(where: \.isPresent) {
            readConfig(config, &diagnostics)
        }
        func nearest(_ key: String) -> Located<String>? {
            let field = sources.map { $0[key] }.first(where: \.isPresent)
            return field.flatMap { field in field.text(&diagnostics).map { Located($0, at: field.place) } }
        }
        networkMode = nearest("network-mode")
        managementIPv4 = Self.address(field["mgmt-ipv4"], .ipv4, &diagnostics)
        managementIPv6 = Self.address(field["mgmt-ipv6"], .ipv6, &diagnostics)
        (type, image) = (nearest("type")?.value, nearest("image")?.value)
        self.group =
            [field["group"], kindFields?["group"], inheritance.defaults["group"]].compactMap { $0?.text }.first
        hostname = nearest("hostname")
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

    /// An address that the node asks for on the management network.
    private static func address(
        _ field: Field, _ family: AddressFamily, _ diagnostics: inout Diagnostics
    ) -> Located<IPAddress>? {
        guard let text = field.text(&diagnostics) else { return nil }
        if let address = IPAddress(text), address.family == family { return Located(address, at: field.place) }
        diagnostics.warn(field, "\"\(text)\" is not an \(family) address; the node gets one that is free")
        return nil
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
}
