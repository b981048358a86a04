import ClusterObjects
import Testing

@testable import Applets

@Suite("calicoctl's words and texts")
struct CalicoctlTests {
    private static let group = JSON.string("crd.projectcalico.org/v1")

    private static func block(_ cidr: String, node: String, _ owners: [Int: (handle: String, pod: String?)]) -> JSON {
        let ordinals = owners.keys.sorted()
        let allocations = (0..<64).map { ordinal in
            ordinals.firstIndex(of: ordinal).map(JSON.integer) ?? .null
        }
        let attributes = ordinals.map { ordinal -> JSON in
            let (handle, pod) = owners[ordinal]!
            return [
                "handle_id": .string(handle),
                "secondary": pod == nil
                    ? ["node": .string(node), "type": "vxlanTunnelAddress"]
                    : ["node": .string(node), "pod": JSON(pod), "namespace": "default"],
            ]
        }
        return [
            "apiVersion": group, "kind": "IPAMBlock", "metadata": ["name": "b"],
            "spec": [
                "cidr": .string(cidr), "affinity": .string("host:\(node)"), "allocations": .array(allocations),
                "attributes": .array(attributes),
            ],
        ]
    }

    private static func handle(_ name: String) -> JSON {
        [
            "apiVersion": group, "kind": "IPAMHandle", "metadata": ["name": .string(name)],
            "spec": ["handleID": .string(name)],
        ]
    }

    private static let pod: JSON = [
        "apiVersion": "v1", "kind": "Pod",
        "metadata": [
            "name": "web-a", "namespace": "default", "annotations": ["nslab/interface": "cali0123456789a"],
        ],
        "spec": ["nodeName": "l-worker", "serviceAccountName": "default"],
        "status": ["podIPs": [["ip": "10.1.0.1"], ["ip": "fd00::1"]]],
    ]

    private static let objects: [JSON] = [
        [
            "apiVersion": group, "kind": "IPPool", "metadata": ["name": "p4"],
            "spec": ["cidr": "10.1.0.0/16", "vxlanMode": "CrossSubnet", "natOutgoing": true, "nodeSelector": "all()"],
        ],
        [
            "apiVersion": group, "kind": "IPReservation", "metadata": ["name": "r"],
            "spec": ["reservedCIDRs": .array((0..<20).map { .string("10.1.9.\($0)/32") })],
        ],
        [
            "apiVersion": group, "kind": "BGPPeer", "metadata": ["name": "tor"],
            "spec": ["peerIP": "10.0.0.1", "asNumber": 64513],
        ],
        [
            "apiVersion": "v1", "kind": "Node",
            "metadata": [
                "name": "l-worker",
                "annotations": [
                    "projectcalico.org/IPv4Address": "10.0.0.2/24", "projectcalico.org/IPv4VXLANTunnelAddr": "10.1.0.0",
                ],
            ],
        ],
        ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "default"]],
        pod,
        block("10.1.0.0/26", node: "l-worker", [0: ("t", nil), 1: ("h", "web-a")]), handle("t"), handle("h"),
    ]

    private func text(_ line: String, _ objects: [JSON] = objects) throws -> String {
        try SampleLab.text(
            .calicoctl, line.split(separator: " ").map(String.init), SampleLab.directory(objects: objects))
    }

    @Test("tables, with blanks after the last column as well (text/tabwriter)")
    func tables() throws {
        #expect(
            try text("get ippools -o wide")
                == "NAME   CIDR          NAT    IPIPMODE   VXLANMODE     DISABLED   DISABLEBGPEXPORT   SELECTOR   \n"
                + "p4     10.1.0.0/16   true   Never      CrossSubnet   false      false              all()      \n\n")
        #expect(try text("get ipp") == "NAME   CIDR          SELECTOR   \np4     10.1.0.0/16   all()      \n\n")
        #expect(
            try text("get wep")
                == "WORKLOAD   NODE       NETWORKS                  INTERFACE         \n"
                + "web-a      l-worker   10.1.0.1/32,fd00::1/128   cali0123456789a   \n\n")
        #expect(try text("get workloadendpoints -o wide").contains("l--worker-k8s-web--a-eth0   web-a      l-worker"))
        #expect(try text("get wep -n other") == "WORKLOAD   NODE   NETWORKS   INTERFACE   \n\n")
        #expect(try text("get wep -A").hasPrefix("NAMESPACE   WORKLOAD   NODE"))
        #expect(try text("get nodes -o wide").contains("l-worker   (64512)   10.0.0.2/24"))
        #expect(try text("get bgppeers").contains("tor    10.0.0.1   (global)   64513"))
        #expect(try text("get ipreservations -o wide").split(separator: "\n")[1].contains("..."))
        #expect(try text("get profiles").contains("kns.default"))
        #expect(try text("get node/l-worker -o name") == "node/l-worker\n")
        #expect(try text("get nodes -o custom-columns=IPV4,NAME").hasPrefix("IPV4          NAME"))
    }

    @Test("documents, of version 3")
    func documents() throws {
        #expect(
            try text("get ippool p4 -o yaml") == """
                apiVersion: projectcalico.org/v3
                kind: IPPool
                metadata:
                  name: p4
                spec:
                  cidr: 10.1.0.0/16
                  natOutgoing: true
                  nodeSelector: all()
                  vxlanMode: CrossSubnet

                """)
        let list = try JSON(parsing: text("get ippools -o json").utf8)
        #expect(list["kind"] == "IPPoolList" && list["items"][0]["apiVersion"] == "projectcalico.org/v3")
    }

    @Test("ipam show: pools, blocks, one address")
    func ipam() throws {
        #expect(
            try text("ipam show --show-blocks") == """
                +----------+-------------+-----------+------------+--------------+
                | GROUPING |    CIDR     | IPS TOTAL | IPS IN USE |   IPS FREE   |
                +----------+-------------+-----------+------------+--------------+
                | IP Pool  | 10.1.0.0/16 |     65536 | 2 (0%)     | 65534 (100%) |
                | Block    | 10.1.0.0/26 |        64 | 2 (3%)     | 62 (97%)     |
                +----------+-------------+-----------+------------+--------------+

                """)
        #expect(
            try text("ipam show --ip=10.1.0.1")
                == "IP 10.1.0.1 is in use\nAttributes:\n  namespace: default\n  node: l-worker\n  pod: web-a\n")
        #expect(try text("ipam show --ip 10.1.0.9") == "10.1.0.9 is not assigned\n")
        #expect(throws: AppletError.self) { try text("ipam show --ip=x") }
    }

    @Test("ipam check finds what blocks, nodes and pods do not agree on")
    func check() throws {
        // The pod has an address of IPv6 here that no pool is for.
        let whole = try text("ipam check")
        #expect(whole.contains("IPAM blocks record 2 allocations.") && whole.contains("Found 1 node tunnel IPs."))
        #expect(whole.contains("Found 1 in-use IPs that are not in active IP pools."))
        #expect(whole.hasSuffix("Check complete; found 1 problems.\n"))
        let leaking = try text("ipam check --show-problem-ips", Self.objects.filter { $0["kind"] != "Pod" })
        #expect(leaking.contains("  10.1.0.1 leaked\nFound 1 IPs that are allocated"))
    }

    @Test(
        "numbers with five digits, as fmt.Sprintf(\"%.5g\") prints them",
        arguments: [
            (64, "64"), (65536, "65536"), (131072, "1.3107e+05"), (1_048_576, "1.0486e+06"), (100_000, "1e+05"),
            (1.2089258196146292e24, "1.2089e+24"), (999_999, "1e+06"),
        ])
    func numbers(number: Double, expected: String) { #expect(CalicoIPAM.written(number) == expected) }

    @Test("what there is not is told")
    func errors() throws {
        #expect(throws: AppletError.self) { try text("get frobs") }
        #expect(throws: AppletError.self) { try text("get ippool none") }
        #expect(throws: AppletError.self) { try text("get ippools -o frob") }
        guard case .program(_, let lack) = try SampleLab.answer(.calicoctl, "apply -f x.yaml") else {
            throw AppletError("not the real one")
        }
        #expect(lack.contains("for reading"))
        let none = SampleLab.directory(isThere: false)
        guard case .program = try SampleLab.answer(.calicoctl, "get nodes", none) else { throw AppletError("answered") }
    }
}
