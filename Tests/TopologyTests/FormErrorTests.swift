import Testing
import Topology

@Suite struct FormErrorTests {
    @Test("all errors are told at once, in the order of the file, each with file, line, column and field")
    func all() {
        let yaml = smallLab.with(
            "{ connect: r1:eth1, addresses: [10.1.0.11/24, fd00:1::11/64] }", as: "{ connect: r1:eth1, adresses: [] }"
        )
        .with("blockSize: 122", as: "blockSize: big")
        .with("role: control-plane", as: "role: master")
        .with("[10.96.0.0/16]", as: "[10.96.0.1/16, 10.97.0.0]")
        #expect(
            errors(of: yaml).map(\.description) == [
                "lab.yaml:18:11: nodes.cp.role: \"master\" is not a role; a node is control-plane or worker",
                "lab.yaml:20:33: nodes.cp.interfaces.eth1.adresses: there is no field \"adresses\" here; did you mean \"addresses\"?",
                "lab.yaml:30:41: cluster.pools.v6.blockSize: \"big\" is not the prefix length of a block: a whole number from 0 to 128",
                "lab.yaml:31:20: cluster.serviceSubnets[0]: 10.96.0.1/16 has host bits set; did you mean 10.96.0.0/16 or 10.96.0.1/32?",
                "lab.yaml:31:34: cluster.serviceSubnets[1]: 10.97.0.0 has no prefix length; write 10.97.0.0/32 for the one address",
            ])
    }

    @Test(
        "a field that is not known is an error, with the one that was meant or all there are",
        arguments: [
            (
                "lab: x\nfrobnicate: {}", "2:1 frobnicate",
                "there are lab, routers, networks, nodes, hosts, cables, cluster, workloads, services"
            ),
            ("lab: x\nrouter: {}", "2:1 router", "\"routers\""),
            ("lab: x\nrouters: { r: { vlan: } }", "2:17 routers.r.vlan", "\"vlans\""),
            (
                "lab: x\nrouters: { r: { vlans: { 1: { address: [] } } } }", "2:31 routers.r.vlans.1.address",
                "\"addresses\""
            ),
            (
                "lab: x\nrouters: { r: { ports: { e1: { acess: 1, access: 1 } } } }", "2:32 routers.r.ports.e1.acess",
                "\"access\""
            ),
            ("lab: x\ncluster: { vxlanVni: 1 }", "2:12 cluster.vxlanVni", "\"vxlanVNI\""),
            (
                "lab: x\ncluster: { pools: { p: { cidr: 10.0.0.0/8, natoutgoing: true } } }",
                "2:44 cluster.pools.p.natoutgoing", "\"natOutgoing\""
            ),
            ("lab: x\nworkloads: { w: { kind: Pod, nodeName: n } }", "2:30 workloads.w.nodeName", "\"node\""),
            ("lab: x\n<<: {}", "2:1 <<", "merge keys"),
        ])
    func unknownFields(yaml: String, place: String, hint: String) {
        #expect(places(of: yaml) == [place])
        #expect(sentences(of: yaml)[0].contains(hint))
    }

    @Test(
        "a value of the wrong kind is an error that says what it should be",
        arguments: [
            ("lab: [x]", "1:6 lab", "a list"),
            ("lab: {}", "1:6 lab", "a map"),
            ("lab:", "1:5 lab", "nothing"),
            ("lab: ~", "1:6 lab", "nothing"),
            ("lab: !secret x", "1:6 lab", "a tagged value"),
            ("- lab: x", "1:1 ", "a list"),
            ("lab", "1:1 ", "a single value"),
            ("lab: x\nnodes: [n]", "2:8 nodes", "a list"),
            ("lab: x\nnodes: { n: worker }", "2:13 nodes.n", "a single value"),
            ("lab: x\nnodes: { n: { routes: 10.0.0.0/8 via 10.0.0.1 } }", "2:23 nodes.n.routes", "a single value"),
            ("lab: x\nnodes: { n: { labels: [a] } }", "2:23 nodes.n.labels", "a list"),
            ("lab: x\nnodes: { [a]: {} }", "2:10 nodes", "a list"),
            ("lab: x\n? {a: b}\n: c", "2:3 ", "a map"),
            ("lab: x\ncluster: { mtu: [1500] }", "2:17 cluster.mtu", "a list"),
        ])
    func wrongKinds(yaml: String, place: String, kind: String) {
        #expect(places(of: yaml).first == place)
        #expect(
            sentences(of: yaml)[0].hasSuffix("found \(kind)") || sentences(of: yaml)[0].hasSuffix("this is \(kind)"))
    }

    @Test("true and false are written so", arguments: ["yes", "no", "on", "True", "1", "\"true\"", "[]", "", "~"])
    func booleans(word: String) {
        let yaml = "lab: x\ncluster:\n  pools:\n    p:\n      cidr: 10.0.0.0/8\n      natOutgoing: \(word)\n"
        #expect(errors(of: yaml).map(\.line) == [6])
        #expect(errors(of: yaml).map(\.path.description) == ["cluster.pools.p.natOutgoing"])
        #expect(sentences(of: yaml)[0].contains("true or false"))
    }

    @Test("a word that others read as true or false is no name without quotes", arguments: ["true", "no", "On", "yes"])
    func booleanWords(word: String) throws {
        #expect(places(of: "lab: \(word)") == ["1:6 lab"])
        #expect(sentences(of: "lab: \(word)")[0].contains("\"\(word)\""))
        #expect(places(of: "lab: x\nnodes: { n: { labels: { a: \(word) } } }") == ["2:28 nodes.n.labels.a"])
        #expect(
            try Topology.read("lab: x\nnodes: { n: { labels: { a: \"\(word)\" } } }", file: "").nodes[0].labels == [
                "a": word
            ])
    }

    @Test(
        "numbers are decimal and in range",
        arguments: [
            "0x10", "1_000", "+1", "-1", "01", "1.0", "1e3", "99999999999999999999", "70000", "67", "\u{664}\u{662}",
        ])
    func numbers(text: String) {
        #expect(places(of: "lab: x\ncluster: { mtu: \(text) }") == ["2:17 cluster.mtu"])
    }

    @Test(
        "a number's error says its range",
        arguments: [
            ("vxlanPort: 0", "from 1 to 65535"), ("vxlanPort: 65536", "from 1 to 65535"),
            ("vxlanVNI: 0", "from 1 to 16777215"), ("vxlanVNI: 16777216", "from 1 to 16777215"),
            ("mtu: 65536", "from 68 to 65535"),
        ])
    func ranges(field: String, range: String) {
        #expect(sentences(of: "lab: x\ncluster: { \(field) }").first?.hasSuffix(range) == true)
    }

    @Test(
        "addresses and prefixes that are none",
        arguments: [
            (
                "10.1.0.12/24", "10.1.0.300/24", "24:45 nodes.w1.interfaces.eth1.addresses[0]",
                "\"10.1.0.300/24\" is not an address"
            ),
            ("10.1.0.12/24", "10.1.0.12", "24:45 nodes.w1.interfaces.eth1.addresses[0]", "write 10.1.0.12/24"),
            ("fd00:1::12/64", "fd00:1::12/129", "24:59 nodes.w1.interfaces.eth1.addresses[1]", "fd00:1::12/129"),
            ("192.168.7.7", "192.168.7.7/32", "34:43 workloads.one.addresses[0]", "leave its prefix length out"),
            ("fd00:2::/48", "fd00:2::1/48", "30:17 cluster.pools.v6.cidr", "did you mean fd00:2::/48"),
        ])
    func addresses(part: String, wrong: String, place: String, sentence: String) {
        let yaml = smallLab.with(part, as: wrong)
        #expect(places(of: yaml) == [place])
        #expect(sentences(of: yaml)[0].contains(sentence))
    }

    @Test(
        "routes that are none",
        arguments: [
            ("10.0.0.0/8", "does not say which way"), ("10.0.0.0/8 via", "via requires a gateway address"),
            ("10.0.0.0/8 via eth1", "\"eth1\" is not an address of a gateway"),
            ("10.0.0.0/8 vai 10.1.0.1", "did you mean \"via\"?"),
            ("blackhole 10.0.0.0/8", "write 10.0.0.0/8 blackhole"),
            ("10.0.0.0/8 blackhole dev eth1", "no gateway and no interface"),
            ("default dev eth1", "write 0.0.0.0/0 or ::/0"),
            ("10.0.0.0 via 10.1.0.1", "write 10.0.0.0/32"), ("10.0.0.1/8 via 10.1.0.1", "did you mean 10.0.0.0/8"),
            ("10.0.0.0/8 via 10.1.0.1 via 10.1.0.2", "via is given twice"),
            ("10.0.0.0/8 dev eth1 metric x", "\"x\" is not a metric"),
            ("10.0.0.0/8 dev eth1 proto rip", "it is ebgp, ibgp or ospf"),
            ("10.0.0.0/8 dev eth1 proto ospf cost x", "\"x\" is not a cost"),
        ])
    func routes(text: String, sentence: String) {
        let yaml = smallLab.with("default via 10.1.0.1 dev eth1", as: text)
        #expect(places(of: yaml) == ["26:9 nodes.w1.routes[0]"])
        #expect(sentences(of: yaml)[0].contains(sentence))
    }

    @Test(
        "ports that say too little or too much",
        arguments: [
            ("{ access: 10, addresses: [] }", "9:13 routers.r1.ports.eth2", "one of"),
            ("{}", "9:13 routers.r1.ports.eth2", "needs access"), ("", "9:12 routers.r1.ports.eth2", "needs access"),
            ("{ access: 10, native: 1 }", "9:35 routers.r1.ports.eth2.native", "only a trunk"),
            ("{ access: 4095 }", "9:23 routers.r1.ports.eth2.access", "1 to 4094"),
            ("{ trunk: [10, 30-20] }", "9:27 routers.r1.ports.eth2.trunk[1]", "30-20"),
            ("{ trunk: 10 }", "9:22 routers.r1.ports.eth2.trunk", "a list"),
            ("{ subinterfaces: { 30: {} } }", "9:36 routers.r1.ports.eth2.subinterfaces.30", "vlan: 30"),
            ("{ subinterfaces: { a: { vlan: 1 } } }", "9:35 routers.r1.ports.eth2.subinterfaces.a", "whole number"),
        ])
    func ports(port: String, place: String, sentence: String) {
        let yaml = smallLab.with("eth2: { access: 10 }", as: "eth2: \(port)")
        #expect(places(of: yaml) == [place])
        #expect(sentences(of: yaml)[0].contains(sentence))
    }

    @Test(
        "workloads and pools that say too little or too much",
        arguments: [
            ("{ kind: Deployment, replicas: 2, labels: { app: web } }", "{}", "33:8 workloads.web", "needs its kind"),
            (
                "kind: Deployment", "kind: CronJob", "33:16 workloads.web.kind",
                "DaemonSet, Deployment, StatefulSet, ReplicaSet, Pod"
            ),
            ("kind: Deployment", "kind: Daemonset", "33:16 workloads.web.kind", "did you mean \"DaemonSet\"?"),
            ("kind: Deployment", "kind: DaemonSet", "33:37 workloads.web.replicas", "one pod a node"),
            ("replicas: 2", "replicas: 10001", "33:38 workloads.web.replicas", "0 to 10000"),
            ("web:", "a/web: ", "", ""),
            (
                "encapsulation: VXLAN", "encapsulation: IPinIP", "29:48 cluster.pools.v4.encapsulation",
                "None, VXLAN, VXLANCrossSubnet"
            ),
            (
                "encapsulation: VXLAN", "encapsulation: vxlan", "29:48 cluster.pools.v4.encapsulation",
                "did you mean \"VXLAN\"?"
            ),
            ("cidr: 192.168.0.0/16, ", "", "29:9 cluster.pools.v4", "cidr: 192.168.0.0/16"),
            (
                "encapsulation: VXLAN", "nodeSelector: !all()", "29:47 cluster.pools.v4.nodeSelector",
                "quotes: \"!all()\""
            ),
            ("encapsulation: VXLAN", "nodeSelector: has(x", "29:47 cluster.pools.v4.nodeSelector", "a map of labels"),
        ])
    func workloads(part: String, wrong: String, place: String, sentence: String) {
        let yaml = smallLab.with(part, as: wrong)
        #expect(places(of: yaml) == (place.isEmpty ? [] : [place]))
        if let first = sentences(of: yaml).first { #expect(first.contains(sentence)) }
    }

    @Test(
        "ends of cables that are none",
        arguments: [
            ("\"r1:\"", "DEVICE:INTERFACE"), ("\":eth1\"", "DEVICE:INTERFACE"), ("a:b:c", "DEVICE:INTERFACE"),
            ("{ mtu: 1500 }", "needs its other end"), ("[r1, eth2]", "a list"),
        ])
    func ends(end: String, sentence: String) {
        let yaml = smallLab.with("connect: r1:eth2", as: "connect: \(end)")
        #expect(places(of: yaml) == ["24:24 nodes.w1.interfaces.eth1.connect"])
        #expect(sentences(of: yaml)[0].contains(sentence))
    }

    @Test(
        "a cable in the list has two ends", arguments: ["[cp:eth1]", "[cp:eth1, w1:eth1, r1:eth1]", "{ mtu: 1 }", "x"])
    func cables(cable: String) {
        let yaml = smallLab + "cables:\n  - \(cable)\n"
        #expect(errors(of: yaml).allSatisfy { $0.line == 36 && $0.path.description.hasPrefix("cables[0]") })
        #expect(!errors(of: yaml).isEmpty)
    }

    @Test("a file without a lab's name")
    func noName() {
        #expect(places(of: "\nnodes: {}") == ["2:1 lab"])
    }
}
