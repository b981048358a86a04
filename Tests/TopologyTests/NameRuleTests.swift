import Testing
import Topology

@Suite("Rules of names")
struct NameRuleTests {
    private static let long = String(repeating: "a", count: 64)

    @Test(
        "names are DNS labels",
        arguments: [
            WrongLab("lab: small", "lab: Small_Lab", "1:6 lab", "\"small-lab\" would be"),
            WrongLab("lab: small", "lab: -a", "1:6 lab", "a letter or digit first and last"),
            WrongLab("lab: small", "lab: \(long)", "1:6 lab", "at most 63"),
            WrongLab("lab: small", "lab: a.b", "1:6 lab", "a lab's name is a DNS label (RFC 1123)"),
            WrongLab("lab: small", "lab: small\nnetworks: { Lan: }", "2:13 networks.Lan", "\"lan\" would be"),
            WrongLab(
                "  w1:", "  w_1:",
                [
                    ("21:3 nodes.w_1", "a node's name is a DNS label, or several joined by dots"),
                    ("34:27 workloads.one.node", "there is no node w1; did you mean \"w_1\"?"),
                ]),
            WrongLab(
                "  w1:", "  w1..x:",
                [("21:3 nodes.w1..x", "a node's name"), ("34:27 workloads.one.node", "there is no node w1")]),
            WrongLab("    v6: {", "    V6: {", "30:5 cluster.pools.V6", "a pool's name"),
            WrongLab("  web:", "  Web:", "33:3 workloads.Web", "\"web\" would be"),
            WrongLab(
                "  web:", "  web_x:", "33:3 workloads.web_x", "a workload's name is a DNS label, or several joined"),
            WrongLab(
                "  web: { kind: Deployment", "  web.x: { kind: StatefulSet", "33:3 workloads.web.x",
                "a StatefulSet's name is a DNS label (RFC 1123)"),
            WrongLab(
                "  web:", "  Kube/web:", "33:3 workloads.Kube/web.namespace", "a Kubernetes namespace is a DNS label"),
        ])
    func labels(lab: WrongLab) { lab.check() }

    @Test("a router's name that is no DNS label is told once, where it has no host name of its own")
    func routerName() {
        let lab = smallLab.split(separator: "r1").joined(separator: "R_1")
        #expect(places(of: lab) == ["3:3 routers.R_1"])
    }

    @Test(
        "host names are what the kernel and DNS take",
        arguments: [
            WrongLab("    vlans:", "    hostname: a b\n    vlans:", "4:15 routers.r1.hostname", "is not a host name"),
            WrongLab("    vlans:", "    hostname: \(long)a\n    vlans:", "4:15 routers.r1.hostname", "at most 64"),
        ])
    func hostnames(lab: WrongLab) { lab.check() }

    @Test(
        "each name stands once among all that it could be taken for",
        arguments: [
            WrongLab(
                "lab: small", "lab: small\nnetworks: { cp: }", "18:3 nodes.cp", "cp is already the name of a network"),
            WrongLab("lab: small", "lab: small\nnetworks: { r1: }", "2:13 networks.r1", "already the name of a router"),
            WrongLab("  one:", "  w1:", "34:3 workloads.w1", "w1 is already the name of a node"),
            WrongLab("  one:", "  default/web:", "33:3 workloads.web", "another workload of the name web"),
            WrongLab("      eth2:", "      eth1:", "9:7 routers.r1.ports.eth1", "duplicate key eth1 (first at line 8)"),
            WrongLab("    v6:", "    v4:", "30:5 cluster.pools.v4", "duplicate key v4 (first at line 29)"),
        ])
    func duplicates(lab: WrongLab) { lab.check() }

    @Test("names that stand twice in a topology that no file was read for are problems too")
    func duplicatesWithoutFile() {
        let topology = Topology(
            name: "x", routers: [Router(name: "a"), Router(name: "a", vlans: [.init(id: 1), .init(id: 1)])],
            nodes: [Node(name: "a")],
            workloads: [
                Workload(name: "w", namespace: "n", kind: .daemonSet), Workload(name: "w", namespace: "n", kind: .pod),
            ])
        let found = topology.problems().map { "\($0.path)" }
        #expect(found.filter { $0 == "routers.a" } == ["routers.a"])
        #expect(found.contains("nodes.a"))
        #expect(found.contains("routers.a.vlans.1"))
        #expect(found.contains("workloads.n/w"))
    }

    @Test(
        "labels are what Kubernetes takes",
        arguments: [
            WrongLab("disk: ssd", "-disk: ssd", "22:22 nodes.w1.labels.-disk", "is not a label's name"),
            WrongLab("disk: ssd", "a/b/c: ssd", "22:22 nodes.w1.labels.a/b/c", "is not a label's name"),
            WrongLab("disk: ssd", "B_/x: ssd", "22:21 nodes.w1.labels.B_/x", "is not a label's name"),
            WrongLab("disk: ssd", "disk: s!d", "22:21 nodes.w1.labels.disk", "is not a label's value"),
            WrongLab("disk: ssd", "disk: \(long)", "22:21 nodes.w1.labels.disk", "at most 63"),
            WrongLab("app: web", "app: -web", "33:56 workloads.web.labels.app", "is not a label's value"),
            WrongLab(
                "encapsulation: VXLAN", "nodeSelector: { zone: a* }", "29:55 cluster.pools.v4.nodeSelector.zone",
                "is not a label's value"),
            WrongLab(
                "encapsulation: VXLAN", "nodeSelector: {}", "29:33 cluster.pools.v4.nodeSelector",
                "a selector without labels selects all nodes"),
        ])
    func kubernetesLabels(lab: WrongLab) { lab.check() }
}
