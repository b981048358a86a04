import Addresses
import YAML

/// What the cluster shares, and what runs on it.
extension NativeReader {
    /// The map `cluster`.
    mutating func cluster(_ value: YAMLValue) -> Cluster {
        let fields = fields(
            value,
            [
                "pools", "serviceSubnets", "podSubnets", "kubeProxyMode", "assignLoadBalancerIPs", "namespaces",
                "reservedAddresses", "advertisedServices", "vxlanPort", "vxlanVNI", "mtu",
            ])
        var cluster = Cluster()
        _ = field(fields, "pools") { reader, value in
            reader.forEachNamed(value) { reader, name, value in
                if let pool = reader.pool(name, value) { cluster.pools.append(pool) }
            }
        }
        cluster.serviceSubnets =
            list(fields, "serviceSubnets", example: "[10.96.0.0/16]") { $0.prefix($1) } ?? []
        cluster.podSubnets = list(fields, "podSubnets", example: "[192.168.0.0/16]") { $0.prefix($1) } ?? []
        if let mode = field(fields, "kubeProxyMode", { $0.word($1, "a mode of kube-proxy", KubeProxyMode.self) }) {
            cluster.kubeProxyMode = mode
        }
        if let assignment = field(
            fields, "assignLoadBalancerIPs",
            { $0.word($1, "which services get load balancers' addresses", LoadBalancerAssignment.self) })
        {
            cluster.loadBalancerAssignment = assignment
        }
        cluster.namespaces =
            list(fields, "namespaces", example: "[staging]") { $0.text($1, "the name of a Kubernetes namespace") } ?? []
        cluster.reservedAddresses =
            list(fields, "reservedAddresses", example: "[192.168.0.0/28]") { $0.prefix($1) } ?? []
        cluster.advertisedServices =
            list(fields, "advertisedServices", example: "[10.96.0.0/16]") { $0.prefix($1) } ?? []
        if let port: UInt16 = field(fields, "vxlanPort", { $0.number($1, "a UDP port", 1...65535) }) {
            cluster.vxlanPort = port
        }
        if let vni: UInt32 = field(fields, "vxlanVNI", { $0.number($1, "a VXLAN network identifier", 1...0xff_ffff) }) {
            cluster.vxlanVNI = vni
        }
        cluster.mtu = field(fields, "mtu") { $0.mtu($1) }
        return cluster
    }

    private mutating func pool(_ name: String, _ value: YAMLValue) -> Pool? {
        let fields = fields(
            value,
            [
                "cidr", "blockSize", "encapsulation", "natOutgoing", "nodeSelector", "allowedUses", "assignmentMode",
                "disableBGPExport",
            ])
        let blockSize: Int? = field(fields, "blockSize") { $0.number($1, "the prefix length of a block", 0...128) }
        let encapsulation = field(fields, "encapsulation") { $0.encapsulation($1) }
        let natOutgoing = field(fields, "natOutgoing") { $0.boolean($1) }
        let selector = field(fields, "nodeSelector") { $0.poolSelector($1) }
        let uses = list(fields, "allowedUses", example: "[Workload, Tunnel]") {
            $0.word($1, "a use of a pool", Pool.Use.self)
        }
        enum Mode: String, CaseIterable {
            case automatic = "Automatic"
            case manual = "Manual"
        }
        let mode = field(fields, "assignmentMode") { $0.word($1, "a mode of assignment", Mode.self) }
        let disablesBGPExport = field(fields, "disableBGPExport") { $0.boolean($1) }
        guard fields["cidr"] != nil else {
            report(fields.mark, "a pool needs its addresses: cidr: 192.168.0.0/16")
            return nil
        }
        guard let prefix = field(fields, "cidr", { $0.prefix($1) }) else { return nil }
        return Pool(
            name: name, prefix: prefix, blockSize: blockSize, encapsulation: encapsulation ?? .none,
            natOutgoing: natOutgoing ?? false, nodeSelector: selector ?? .all,
            allowedUses: uses.map(Set.init) ?? [.workload, .tunnel], assignsAutomatically: mode != .manual,
            disablesBGPExport: disablesBGPExport ?? false)
    }

    private mutating func encapsulation(_ value: YAMLValue) -> Pool.Encapsulation? {
        let names = Pool.Encapsulation.allCases.map(\.rawValue)
        guard let text = text(value, names.joined(separator: ", ")) else { return nil }
        if let encapsulation = Pool.Encapsulation(rawValue: text) { return encapsulation }
        report(
            value.mark,
            "\"\(text)\" is not an encapsulation that nslab builds: \(names.joined(separator: ", "))"
                + didYouMean(text, among: names))
        return nil
    }

    /// `all()`, `"!all()"`, a map of labels, or a selector in Calico's language.
    private mutating func poolSelector(_ value: YAMLValue) -> Pool.NodeSelector? {
        switch value.content {
        case .mapping: return .labels(labels(value))
        case .scalar("all()", _): return .all
        case .scalar("!all()", _): return .nobody
        case .tagged("!all()"):
            report(value.mark, "YAML reads a word after ! as a tag; put it in quotes: \"!all()\"")
        case .scalar(let text, _):
            guard !value.isNull else { return .all }
            do throws(LabelExpression.SyntaxError) { return .expression(try LabelExpression(text)) } catch {
                report(
                    value.mark,
                    "\"\(text)\" is not a selector: \(error.sentence); a pool's nodeSelector is all(), \"!all()\", a map of "
                        + "labels, such as { zone: a }, or an expression, such as \"zone == 'a'\"")
            }
        default:
            report(value.mark, "a pool's nodeSelector is all(), \"!all()\" or a map of labels, such as { zone: a }")
        }
        return nil
    }

    /// The map of a workload. The key may name its namespace too: `kube-system/coredns`.
    mutating func workload(_ key: String, _ value: YAMLValue) -> Workload? {
        let fields = fields(
            value,
            [
                "kind", "name", "namespace", "replicas", "labels", "node", "nodeSelector", "affinity", "controlPlane",
                "addresses", "pools", "hostNetwork", "hostname", "subdomain", "ports", "mac", "dns", "hostAliases",
                "podAffinity", "podAntiAffinity", "spread",
            ])
        let (name, namespace) = qualifiedName(key, fields)
        let replicas: Int? = field(fields, "replicas") { $0.number($1, "a number of pods", 0...maximumReplicas) }
        let kind = field(fields, "kind") { $0.kind($1, replicas: replicas) }
        if let replicasValue = fields["replicas"], kind == .daemonSet || kind == .pod {
            at(.key("replicas")) {
                $0.report(
                    replicasValue.mark,
                    kind == .pod
                        ? "a Pod is one pod; a Deployment has replicas" : "a DaemonSet has one pod a node, not replicas"
                )
            }
        }
        var workload = Workload(
            name: name, namespace: namespace, kind: kind ?? .pod,
            labels: field(fields, "labels") { $0.labels($1) } ?? [:],
            nodeName: field(fields, "node") { $0.text($1, "the name of a node") },
            nodeSelector: field(fields, "nodeSelector") { $0.labels($1) } ?? [:],
            toleratesControlPlane: field(fields, "controlPlane") { $0.boolean($1) } ?? false,
            addresses: list(fields, "addresses", example: "[192.168.10.10]") { $0.address($1) } ?? [],
            pools: list(fields, "pools", example: "[default-ipv4-ippool]") { $0.text($1, "the name of a pool") } ?? [],
            affinity: field(fields, "affinity") { $0.affinity($1) } ?? NodeAffinity(),
            usesHostNetwork: field(fields, "hostNetwork") { $0.boolean($1) } ?? false,
            hostname: field(fields, "hostname") { $0.text($1, "a host name") },
            subdomain: field(fields, "subdomain") { $0.text($1, "the name of a headless service") },
            ports: list(fields, "ports", example: "[8080]") { $0.containerPort($1) } ?? [],
            hardwareAddress: field(fields, "mac") { $0.hardwareAddress($1) })
        workload.nameResolution = field(fields, "dns") { $0.nameResolution($1) } ?? workload.nameResolution
        workload.hostAliases =
            list(fields, "hostAliases", example: "[{ address: 192.0.2.80, names: [intranet] }]") { $0.hostAlias($1) }
            ?? []
        workload.podAffinity = field(fields, "podAffinity") { $0.podAffinity($1) } ?? workload.podAffinity
        workload.podAntiAffinity = field(fields, "podAntiAffinity") { $0.podAffinity($1) } ?? workload.podAntiAffinity
        workload.spreadConstraints =
            list(fields, "spread", example: "[{ maxSkew: 1, topologyKey: zone, labels: { app: a } }]") {
                $0.spreadConstraint($1)
            } ?? []
        if fields["kind"] == nil {
            report(fields.mark, "a workload needs its kind: DaemonSet, Deployment, StatefulSet or Pod")
            return nil
        }
        return workload
    }

    private mutating func kind(_ value: YAMLValue, replicas: Int?) -> Workload.Kind? {
        let names = ["DaemonSet", "Deployment", "StatefulSet", "ReplicaSet", "Pod"]
        guard let text = text(value, "DaemonSet, Deployment, StatefulSet, ReplicaSet or Pod") else { return nil }
        switch text {
        case "DaemonSet": return .daemonSet
        case "Deployment": return .deployment(replicas: replicas ?? 1)
        case "StatefulSet": return .statefulSet(replicas: replicas ?? 1)
        case "ReplicaSet": return .replicaSet(replicas: replicas ?? 1)
        case "Pod": return .pod
        default:
            report(
                value.mark,
                "\"\(text)\" is not a kind of workload: \(names.joined(separator: ", "))\(didYouMean(text, among: names))"
            )
            return nil
        }
    }
}

/// The most pods of one workload: a lab's size, not Kubernetes' limit.
package let maximumReplicas = 10_000
