import Addresses
import Topology

extension CalicoResources {
    /// Calico's own manifest (calico.yaml): what the DaemonSet `calico-node` gets by its environment
    /// (docs.tigera.io, "Configuring calico/node").
    mutating func addManifest(_ root: Field, _ diagnostics: inout Diagnostics) {
        var environment: [String: Field] = [:]
        for container in root["spec"]["template"]["spec"]["containers"].list(&diagnostics)
        where container["name"].text == "calico-node" {
            for variable in container["env"].list(&diagnostics) {
                if let name = variable["name"].text { environment[name] = variable["value"] }
            }
        }
        for (family, version, suffix) in [(AddressFamily.ipv4, "4", ""), (.ipv6, "6", "6")] {
            let isUsed =
                family == .ipv4
                || environment["FELIX_IPV6SUPPORT"]?.text == "true" && environment["IP6"]?.text == "autodetect"
            if isUsed, environment["NO_DEFAULT_POOLS"]?.text != "true" {
                addManifestPool(family, "CALICO_IPV\(version)POOL_", environment, at: root.place, &diagnostics)
            }
            if let method = environment["IP\(suffix)_AUTODETECTION_METHOD"], let text = method.text {
                detection[family] = Autodetection(method: Self.method(text, family), place: method.place)
            }
        }
    }

    private mutating func addManifestPool(
        _ family: AddressFamily, _ prefix: String, _ environment: [String: Field], at place: SourceLine,
        _ diagnostics: inout Diagnostics
    ) {
        var pool = ManifestPool(family: family, natOutgoing: family == .ipv4)
        if let text = environment[prefix + "VXLAN"]?.text, let mode = Self.modes(.vxlan, .vxlanCrossSubnet)[text] {
            pool.encapsulation = mode
        }
        // There is no IPIP for IPv6.
        if family == .ipv4, let text = environment[prefix + "IPIP"]?.text, text != "Never",
            let mode = Self.modes(.ipip, .ipipCrossSubnet)[text]
        {
            pool.encapsulation = mode
        }
        if let field = environment[prefix + "BLOCK_SIZE"],
            let size: Int = field.number(&diagnostics, "the prefix length of a block", 0...128)
        {
            pool.blockSize = size
        }
        if let text = environment[prefix + "NAT_OUTGOING"]?.text { pool.natOutgoing = text == "true" }
        // Without a word on it, calico-node takes the cluster's own range.
        guard let range = environment[prefix + "CIDR"], range.isPresent else { return manifestPools.append(pool) }
        if let cidr = range.prefix(&diagnostics) { pools.append(Located(pool.pool(cidr), at: place)) }
    }

    /// A pool that calico-node makes (`configureIPPools` in node/pkg/lifecycle/startup).
    struct ManifestPool: Sendable {
        var family: AddressFamily
        var encapsulation = Pool.Encapsulation.none
        var blockSize: Int?
        var natOutgoing: Bool

        /// The pool of this range.
        func pool(_ cidr: Prefix) -> Pool {
            var pool = Pool(name: defaultName(family, among: []), prefix: cidr, natOutgoing: natOutgoing)
            pool.encapsulation = encapsulation
            if let blockSize { pool.blockSize = blockSize }
            return pool
        }
    }

    private static func modes(_ always: Pool.Encapsulation, _ cross: Pool.Encapsulation) -> [String: Pool.Encapsulation]
    {
        ["Always": always, "CrossSubnet": cross, "Never": .none]
    }

    /// `first-found`, `interface=eth1`, `cidr=10.0.0.0/8`, `can-reach=10.0.0.1`, `skip-interface=eth0`,
    /// `kubernetes-internal-ip`.
    private static func method(_ text: String, _ family: AddressFamily) -> Autodetection.Method {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let value = parts.count == 2 ? parts[1] : ""
        let list = value.split(separator: ",").map(\.trimmingBlanks)
        switch parts.first {
        case "interface": return .interface(list)
        case "skip-interface": return .skipInterface(list)
        case "cidr": return .ranges(list.compactMap { Field.prefix($0) })
        case "can-reach": return IPAddress(value).map { .canReach($0) } ?? .firstFound
        case "kubernetes-internal-ip": return .kubernetes
        default: return .firstFound
        }
    }
}
