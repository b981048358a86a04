import Addresses
import ClusterObjects

/// `calicoctl ipam`: who has which address, as the blocks have it (calicoctl/calicoctl/commands/ipam).
struct CalicoIPAM {
    private let store: CalicoView
    private let blocks: [Block]
    private let pools: [(cidr: Prefix, isDisabled: Bool)]

    /// A block, and who has its addresses.
    private struct Block {
        var cidr: Prefix
        /// `host:NODE`; nil for one without a node.
        var affinity: String?
        var allocations: [(address: IPAddress, handle: String?, attributes: [String: String])]
    }

    init(_ store: CalicoView) {
        self.store = store
        pools = store.stored("IPPool").compactMap { pool in
            pool["spec"]["cidr"].text.flatMap { Prefix($0) }.map { ($0, pool["spec"]["disabled"].isTrue) }
        }
        blocks = store.stored("IPAMBlock").compactMap { block in
            let spec = block["spec"]
            guard let cidr = spec["cidr"].text.flatMap({ Prefix($0) }) else { return nil }
            let attributes = spec["attributes"].items
            let taken = spec["allocations"].items.enumerated().compactMap { ordinal, index in
                index.integer.flatMap { attributes.indices.contains($0) ? (ordinal, attributes[$0]) : nil }
            }
            return Block(
                cidr: cidr, affinity: spec["affinity"].text,
                allocations: taken.compactMap { ordinal, attribute in
                    cidr.address(at: UInt128(ordinal)).map {
                        ($0, attribute["handle_id"].text, attribute["secondary"].texts)
                    }
                })
        }.sorted { $0.cidr.address < $1.cidr.address }
    }

    // MARK: show

    func table(withBlocks: Bool) -> String {
        var table = TextTable(["GROUPING", "CIDR", "IPS TOTAL", "IPS IN USE", "IPS FREE"])
        func row(_ grouping: String, _ cidr: Prefix, inUse: Int) -> [String] {
            let total = Self.size(cidr)
            func share(_ number: Double) -> String {
                let percent = (100 * number / total).rounded(.toNearestOrEven)
                return "\(Self.written(number)) (\(Int(percent))%)"
            }
            return [
                grouping, "\(cidr)", Self.written(total), share(Double(inUse)), share(total - Double(inUse)),
            ]
        }
        for pool in pools {
            let own = blocks.filter { pool.cidr.contains($0.cidr.address) && pool.cidr.family == $0.cidr.family }
            table.add(row("IP Pool", pool.cidr, inUse: own.reduce(0) { $0 + $1.allocations.count }))
            guard withBlocks else { continue }
            for block in own { table.add(row("Block", block.cidr, inUse: block.allocations.count)) }
        }
        return table.framed
    }

    private static func size(_ prefix: Prefix) -> Double {
        var size = 1.0
        for _ in prefix.length..<prefix.family.bits { size *= 2 }
        return size
    }

    /// A number with five digits, as Go's `%.5g` has it.
    static func written(_ number: Double) -> String {
        guard number >= 100_000 else { return "\(Int(number))" }
        var (digits, exponent) = (number, 0)
        while digits >= 10 { (digits, exponent) = (digits / 10, exponent + 1) }
        var shown = Int((digits * 10000).rounded(.toNearestOrEven))
        if shown == 100_000 { (shown, exponent) = (10_000, exponent + 1) }
        var text = "\(shown)"
        text.insert(".", at: text.index(after: text.startIndex))
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return "\(text)e+\(exponent < 10 ? "0" : "")\(exponent)"
    }

    /// What is known of one address.
    ///
    /// - Throws: `AppletError` for what is no address.
    func text(of written: String) throws(AppletError) -> String {
        guard let address = IPAddress(written) else {
            throw .usage("\(written) is not an address, such as 192.168.77.1")
        }
        for block in blocks where block.cidr.contains(address) {
            guard let allocation = block.allocations.first(where: { $0.address == address }) else { continue }
            let attributes = allocation.attributes.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)\n" }
            return "IP \(address) is in use\n"
                + (attributes.isEmpty ? "No attributes defined\n" : "Attributes:\n" + attributes.joined())
        }
        return "\(address) is not assigned\n"
    }

    /// The addresses that a node has of another one's block.
    var borrowed: String {
        var table = TextTable(["IP", "BORROWING-NODE", "BLOCK", "BLOCK OWNER", "TYPE", "ALLOCATED-TO"])
        for block in blocks {
            let owner = block.affinity.map { String($0.split(separator: ":").last ?? "") } ?? ""
            for allocation in block.allocations {
                guard let node = allocation.attributes["node"], node != owner else { continue }
                let pod = allocation.attributes["pod"]
                table.add([
                    "\(allocation.address)", node, "\(block.cidr)", owner,
                    pod == nil ? allocation.attributes["type"] ?? "" : "pod",
                    pod.map { "\(allocation.attributes["namespace"] ?? "")/\($0)" } ?? "",
                ])
            }
        }
        return table.framed
    }

    var configuration: String {
        let spec = store.stored("IPAMConfig").first?["spec"] ?? .null
        var table = TextTable(["PROPERTY", "VALUE"])
        table.add(["StrictAffinity", "\(spec["strictAffinity"].isTrue)"])
        table.add(["AutoAllocateBlocks", "\(spec["autoAllocateBlocks"] != false)"])
        table.add(["MaxBlocksPerHost", "\(spec["maxBlocksPerHost"].integer ?? 0)"])
        return table.framed
    }

    // MARK: check

    /// Whether blocks, nodes and pods agree.
    func check(tellingAll: Bool, tellingProblems: Bool) -> String {
        var text =
            "Checking IPAM for inconsistencies...\n\nLoading all IPAM blocks...\nFound \(blocks.count) IPAM blocks.\n"
        var allocated: [IPAddress: [String: String]] = [:]
        var byNode: [String: Int] = [:]
        var handles: Set<String> = []
        for block in blocks {
            text += " IPAM block \(block.cidr) affinity=\(block.affinity ?? "<none>"):\n"
            for allocation in block.allocations {
                allocated[allocation.address] = allocation.attributes
                byNode[allocation.attributes["node"] ?? "", default: 0] += 1
                if let handle = allocation.handle { handles.insert(handle) }
            }
        }
        let active = pools.filter { !$0.isDisabled }.map(\.cidr)
        text += "IPAM blocks record \(allocated.count) allocations.\n\nLoading all IPAM pools...\n"
        text += active.map { "  \($0)\n" }.joined() + "Found \(active.count) active IP pools.\n\nLoading all nodes.\n"
        var used: [IPAddress: String] = [:]
        for node in store.objects(ofKind: "Node") {
            let spec = node["spec"]
            for end in [spec["ipv4VXLANTunnelAddr"], spec["ipv6VXLANTunnelAddr"], spec["bgp"]["ipv4IPIPTunnelAddr"]] {
                if let address = end.text.flatMap({ IPAddress($0) }) {
                    used[address] = "Node(\(node["metadata"]["name"].text ?? ""))"
                }
            }
        }
        text += "Found \(used.count) node tunnel IPs.\n\nLoading all workload endpoints.\n"
        let tunnels = used.count
        for endpoint in store.objects(ofKind: "WorkloadEndpoint") {
            let metadata = endpoint["metadata"]
            for network in endpoint["spec"]["ipNetworks"].items.compactMap(\.text) {
                guard let address = Prefix(network)?.address else { continue }
                used[address] = "Workload(\(metadata["namespace"].text ?? "")/\(metadata["name"].text ?? ""))"
            }
        }
        text += "Found \(used.count - tunnels) workload IPs.\nWorkloads and nodes are using \(used.count) IPs.\n\n"
        text += "Loading all handles\nLooking for top (up to 20) nodes by allocations...\n"
        let nodes = byNode.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        for (node, count) in nodes.prefix(20) { text += "  \(node) has \(count) allocations\n" }
        if let first = nodes.first {
            text += "Node with most allocations has \(first.value); median is \(nodes[nodes.count / 2].value)\n"
        }
        let leaked = allocated.keys.filter { used[$0] == nil }.sorted()
        text += "\nScanning for IPs that are allocated but not actually in use...\n"
        if tellingProblems || tellingAll { text += leaked.map { "  \($0) leaked\n" }.joined() }
        text += "Found \(leaked.count) IPs that are allocated in IPAM but not actually in use.\n"
        let foreign = used.keys.filter { address in
            allocated[address] == nil && !active.contains { $0.contains(address) }
        }
        let missing = used.keys.filter { address in
            allocated[address] == nil && active.contains { $0.contains(address) }
        }
        text += "Scanning for IPs that are in use by a workload or node but not allocated in IPAM...\n"
        if tellingProblems || tellingAll {
            for address in foreign.sorted() {
                text += "  \(address) in use by \(used[address] ?? "") is not in any active IP pool.\n"
            }
            for address in missing.sorted() {
                text +=
                    "  \(address) in use by \(used[address] ?? "") and in active IPAM pool but has no IPAM allocation.\n"
            }
        }
        text += "Found \(foreign.count) in-use IPs that are not in active IP pools.\n"
        text +=
            "Found \(missing.count) in-use IPs that are in active IP pools but have no corresponding IPAM allocation.\n\n"
        let kept = Set(store.stored("IPAMHandle").compactMap { $0["spec"]["handleID"].text })
        text += "Scanning for IPAM handles with no matching IPs...\n"
        text +=
            "Found \(kept.subtracting(handles).count) handles with no matching IPs (and \(kept.intersection(handles).count) handles with matches).\n"
        text += "Scanning for IPs with missing handle...\n"
        text +=
            "Found \(handles.subtracting(kept).count) handles mentioned in blocks with no matching handle resource.\n"
        let problems = leaked.count + foreign.count + missing.count + kept.symmetricDifference(handles).count
        return text + "Check complete; found \(problems) problems.\n"
    }
}
