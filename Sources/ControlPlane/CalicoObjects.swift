import Addresses
import Blueprint
import Calico
import ClusterObjects
import Topology

extension ClusterState {
    /// Calico's own objects: its storage (`crd.projectcalico.org`), and what its operator tells.
    mutating func addCalico() {
        for kind in KindTable.custom { add(definition(kind)) }
        for pool in lab.topology.cluster.pools { addPool(pool) }
        addReservations()
        addBlocks()
        var information = object("\(KindTable.calicoGroup)/v1", "ClusterInformation", "default", hasGeneration: true)
        information["spec"] = [
            "calicoVersion": .string(ClusterLab.calicoVersion),
            "clusterGUID": .string(String(uid("", "Cluster", "", lab.topology.name).filter { $0 != "-" })),
            "clusterType": hasOperator ? "typha,kdd,k8s,operator,kubeadm,win" : "k8s,kdd",
            "datastoreReady": true,
        ]
        add(information)
        addConfiguration("IPAMConfig", ["autoAllocateBlocks": true, "strictAffinity": false])
        addConfiguration(
            "FelixConfiguration",
            [
                "bpfConnectTimeLoadBalancing": "TCP", "bpfHostNetworkedNATWithoutCTLB": "Enabled",
                "floatingIPs": "Disabled", "healthPort": 9099, "logSeverityScreen": "Info", "reportingInterval": "0s",
                "vxlanPort": .integer(Int(lab.topology.cluster.vxlanPort)),
                "vxlanVNI": .integer(Int(lab.topology.cluster.vxlanVNI)),
            ])
        addConfiguration("KubeControllersConfiguration", ["controllers": ["node": ["syncLabels": "Enabled"]]])
        addTiers()
        if hasOperator { addInstallation() }
    }

    /// One of Calico's configurations, named `default`, with what the files say of it.
    private mutating func addConfiguration(_ kind: String, _ usual: JSON) {
        let written = written(kind, "default", "default")
        var object = object(
            "\(KindTable.calicoGroup)/v1", kind, "default", hasGeneration: true, written: written)
        object["spec"] = usual.overlaid(with: written["spec"])
        add(object)
    }

    // MARK: Definitions

    /// The definition of a kind, as far as a client asks for it.
    private func definition(_ kind: ResourceKind) -> JSON {
        var object = object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "\(kind.plural).\(kind.group)")
        let names: JSON = [
            "kind": .string(kind.kind), "listKind": .string(kind.kind + "List"), "plural": .string(kind.plural),
            "singular": .string(kind.singular), "shortNames": JSON(nonEmpty: kind.shortNames.map(JSON.string)),
        ]
        object["spec"] = [
            "conversion": ["strategy": "None"], "group": .string(kind.group), "names": names,
            "scope": kind.isNamespaced ? "Namespaced" : "Cluster",
            "versions": [
                [
                    "name": .string(kind.version), "served": true, "storage": true,
                    "schema": [
                        "openAPIV3Schema": ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
                    ],
                ]
            ],
        ]
        object["status"] = [
            "acceptedNames": names, "storedVersions": [.string(kind.version)],
            "conditions": [
                condition("NamesAccepted", "True", reason: "NoConflicts", message: "no conflicts found"),
                condition(
                    "Established", "True", reason: "InitialNamesAccepted",
                    message: "the initial names have been accepted"),
            ],
        ]
        return object
    }

    // MARK: Pools

    private mutating func addPool(_ pool: Pool) {
        let written = written("IPPool", "default", pool.name)
        var object = object(
            "\(KindTable.calicoGroup)/v1", "IPPool", pool.name, hasGeneration: true, written: written)
        let (ipip, vxlan) =
            switch pool.encapsulation {
            case .none: ("Never", "Never")
            case .ipip: ("Always", "Never")
            case .ipipCrossSubnet: ("CrossSubnet", "Never")
            case .vxlan: ("Never", "Always")
            case .vxlanCrossSubnet: ("Never", "CrossSubnet")
            }
        var spec = written["spec"]
        spec["cidr"] = .string(pool.prefix.description)
        spec["blockSize"] = .integer(pool.blockSize)
        spec["ipipMode"] = .string(ipip)
        spec["vxlanMode"] = .string(vxlan)
        spec["natOutgoing"] = pool.natOutgoing ? true : .null
        spec["nodeSelector"] = .string(Self.text(pool.nodeSelector))
        spec["allowedUses"] = JSON(
            [.workload, .tunnel, .loadBalancer].filter(pool.allowedUses.contains).map(\.rawValue))
        spec["assignmentMode"] = pool.assignsAutomatically ? "Automatic" : "Manual"
        if pool.disablesBGPExport { spec["disableBGPExport"] = true }
        if pool.allowedUses.isEmpty { spec["disabled"] = true }
        object["spec"] = spec
        add(object)
    }

    private static func text(_ selector: Pool.NodeSelector) -> String {
        switch selector {
        case .all: "all()"
        case .nobody: "!all()"
        case .labels(let labels):
            labels.sorted { $0.key < $1.key }.map { "\($0.key) == '\($0.value)'" }.joined(separator: " && ")
        case .expression(let expression): expression.description
        }
    }

    private mutating func addReservations() {
        let reserved = lab.topology.cluster.reservedAddresses
        let isWritten = lab.documents.objects.contains { $0["kind"].text == "IPReservation" }
        guard !reserved.isEmpty, !isWritten else { return }
        var object = object("\(KindTable.calicoGroup)/v1", "IPReservation", "reserved", hasGeneration: true)
        object["spec"] = ["reservedCIDRs": JSON(reserved.map(\.description))]
        add(object)
    }

    // MARK: Blocks

    /// The blocks with who has which address, by owners' handles (libcalico-go/lib/ipam).
    private mutating func addBlocks() {
        var handles: [String: [(block: String, count: Int)]] = [:]
        for block in lab.blueprint.allocations.blocks {
            add(object(block, &handles))
            guard let node = block.node else { continue }
            var affinity = object(
                "\(KindTable.calicoGroup)/v1", "BlockAffinity", "\(node)-\(Self.name(block.cidr))", hasGeneration: true)
            affinity["spec"] = [
                "cidr": .string(block.cidr.description), "deleted": "false", "node": .string(node),
                "state": "confirmed", "type": "host",
            ]
            add(affinity)
        }
        for (handle, blocks) in handles.sorted(by: { $0.key < $1.key }) {
            var object = object("\(KindTable.calicoGroup)/v1", "IPAMHandle", handle, hasGeneration: true)
            var counts: JSON = [:]
            for (block, count) in blocks { counts[block] = .integer(count) }
            object["spec"] = ["block": counts, "deleted": false, "handleID": .string(handle)]
            add(object)
        }
    }

    /// A block's name: `192-168-77-0-26`.
    private static func name(_ prefix: Prefix) -> String {
        String(prefix.description.map { ".:/".contains($0) ? "-" : $0 })
    }

    private func object(_ block: IPAMBlock, _ handles: inout [String: [(block: String, count: Int)]]) -> JSON {
        let bits = block.cidr.family.bits - block.cidr.length
        // As many as a block of Calico's has at most in practice; a larger one would be a list without end.
        let size = bits > 16 ? 1 << 16 : 1 << bits
        var allocations = [JSON](repeating: .null, count: size)
        var attributes: [JSON] = []
        var counts: [String: Int] = [:]
        for (address, owner) in block.allocations.sorted(by: { $0.key < $1.key }) {
            let ordinal = address.value - block.cidr.address.value
            guard ordinal < UInt128(size) else { continue }
            allocations[Int(ordinal)] = .integer(attributes.count)
            let attribute = attribute(owner, address, block)
            counts[attribute["handle_id"].text ?? "", default: 0] += 1
            attributes.append(attribute)
        }
        for (handle, count) in counts { handles[handle, default: []].append((block.cidr.description, count)) }
        let released = Set(block.released.map { Int($0.value - block.cidr.address.value) })
        var unallocated = allocations.indices.filter { allocations[$0].isNull && !released.contains($0) }
        unallocated += block.released.map { Int($0.value - block.cidr.address.value) }
            .filter { allocations.indices.contains($0) && allocations[$0].isNull }
        var object = object("\(KindTable.calicoGroup)/v1", "IPAMBlock", Self.name(block.cidr), hasGeneration: true)
        // A client tells an address that nobody has by its null.
        object["spec"] = [
            "affinity": block.node.map { .string("host:\($0)") } ?? .null, "allocations": .array(allocations),
            "attributes": .array(attributes), "cidr": .string(block.cidr.description), "deleted": false,
            "sequenceNumber": 1, "sequenceNumberForAllocation": [:], "strictAffinity": false,
            "unallocated": .array(unallocated.map(JSON.integer)),
        ]
        return object
    }

    private func attribute(_ owner: IPAM.Owner, _ address: IPAddress, _ block: IPAMBlock) -> JSON {
        switch owner {
        case .pod(let namespace, let name):
            let pod = PodReference(namespace: namespace, name: name)
            let node = lab.nodesByPod[pod] ?? block.node
            return [
                "handle_id": .string("k8s-pod-network.\(containerID(pod))"),
                "secondary": [
                    "namespace": .string(namespace), "node": JSON(node), "pod": .string(name),
                    "timestamp": .string(lab.birth(pod).description),
                ],
            ]
        case .tunnel(let tunnel, let node):
            let handle =
                switch tunnel {
                case .ipip: "ipip-tunnel-addr-\(node)"
                case .vxlan: address.family == .ipv4 ? "vxlan-tunnel-addr-\(node)" : "vxlan-v6-tunnel-addr-\(node)"
                }
            let type =
                tunnel == .ipip
                ? "ipipTunnelAddress" : address.family == .ipv4 ? "vxlanTunnelAddress" : "vxlanV6TunnelAddress"
            return ["handle_id": .string(handle), "secondary": ["node": .string(node), "type": .string(type)]]
        }
    }

    // MARK: Operator

    private mutating func addInstallation() {
        let written = written("Installation", "default", "default")
        var object = object(
            "\(KindTable.operatorGroup)/v1", "Installation", "default", hasGeneration: true, written: written)
        object.setDefault("spec", ["variant": "Calico", "calicoNetwork": ["ipPools": .array(operatorPools)]])
        object["spec"].setDefault("variant", "Calico")
        let ready = [
            condition("Degraded", "False", reason: "AllObjectsAvailable", message: "All Objects Available"),
            condition("Ready", "True", reason: "AllObjectsAvailable", message: "All Objects Available"),
            condition("Progressing", "False", reason: "AllObjectsAvailable", message: "All Objects Available"),
        ]
        object["status"] = [
            "calicoVersion": .string(ClusterLab.calicoVersion), "computed": object["spec"], "variant": "Calico",
            "conditions": .array(ready),
        ]
        add(object)
        var names = ["calico", "ippools"]
        if lab.hasCalicoAPI { names.append("apiserver") }
        for name in names {
            var status = self.object("\(KindTable.operatorGroup)/v1", "TigeraStatus", name, hasGeneration: true)
            status["spec"] = [:]
            status["status"] = [
                "conditions": .array(
                    [("Available", "True"), ("Degraded", "False"), ("Progressing", "False")].map {
                        condition($0.0, $0.1, reason: "AllObjectsAvailable", message: "All Objects Available")
                    })
            ]
            add(status)
        }
    }

    private var operatorPools: [JSON] {
        lab.topology.cluster.pools.map { pool in
            [
                "name": .string(pool.name), "cidr": .string(pool.prefix.description),
                "blockSize": .integer(pool.blockSize), "encapsulation": .string(pool.encapsulation.rawValue),
                "natOutgoing": pool.natOutgoing ? "Enabled" : "Disabled",
                "nodeSelector": .string(Self.text(pool.nodeSelector)),
            ]
        }
    }
}
