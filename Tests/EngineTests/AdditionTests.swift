import BundledTopologies
import KernelTestSupport
import NSLabKit
import Testing
import Topology

/// What an experiment adds to a namespace, seen and named by `verify --strict` and removed by `reset`.
@Suite("Additions of every kind", .needsRoot, .timeLimit(.minutes(20)))
struct AdditionTests {
    /// Commands as they are typed, and what verify says of each thing that they add.
    private static let additions: [(commands: [String], differences: [String])] = [
        (
            ["ip addr add 10.55.0.1 peer 10.55.0.2/32 dev eth1"],
            ["address 10.55.0.1 peer 10.55.0.2/32 dev eth1: added"]
        ),
        (
            ["ip -6 addr add fd55::1 peer fd55::2/128 dev eth1 nodad"],
            ["address fd55::1 peer fd55::2/128 dev eth1 nodad: added"]
        ),
        (
            ["ip addr add 10.55.1.1/24 brd 10.55.1.255 label eth1:x dev eth1"],
            ["address 10.55.1.1/24 dev eth1 label eth1:x brd 10.55.1.255: added"]
        ),
        (
            ["ip route add 9.9.9.0/24 nexthop via 10.10.10.1 dev eth1 nexthop via 10.10.10.12 dev eth1 weight 3"],
            ["nexthop via 10.10.10.1 dev eth1 weight 1 nexthop via 10.10.10.12 dev eth1 weight 3: added"]
        ),
        (
            [
                "ip route add throw 9.9.8.0/24", "ip route add unreachable 9.9.7.0/24",
                "ip route add prohibit 9.9.6.0/24", "ip route add blackhole 9.9.5.0/24",
                "ip -6 route add throw fd09:8::/32", "ip -6 route add unreachable fd09:7::/32",
                "ip -6 route add prohibit fd09:6::/32", "ip -6 route add blackhole fd09:5::/32",
            ],
            [
                "route throw 9.9.8.0/24: added", "route unreachable 9.9.7.0/24: added",
                "route prohibit 9.9.6.0/24: added", "route blackhole 9.9.5.0/24: added",
                "route throw fd09:8::/32 metric 1024: added", "route unreachable fd09:7::/32 metric 1024: added",
                "route prohibit fd09:6::/32 metric 1024: added", "route blackhole fd09:5::/32 metric 1024: added",
            ]
        ),
        (
            [
                "ip route add local 9.9.4.0/24 dev lo", "ip route add broadcast 9.9.3.255 dev eth1",
                "ip route add multicast 239.1.0.0/16 dev eth1", "ip -6 route add anycast fd09:4::1 dev eth1",
            ],
            [
                "route local 9.9.4.0/24 dev lo table 255", "route broadcast 9.9.3.255/32 dev eth1 table 255",
                "route multicast 239.1.0.0/16 dev eth1", "route anycast fd09:4::1/128 dev eth1 table 255",
            ]
        ),
        (["ip route add 9.9.2.0/24 dev eth1 scope 100"], ["route 9.9.2.0/24 dev eth1 scope 100: added"]),
        (["ip route add 9.9.1.0/24 via 10.10.10.1 proto kernel"], ["route 9.9.1.0/24 via 10.10.10.1"]),
        (
            [
                "ip -6 route add fd09:3::/32 via fd00:10:10::1 pref high",
                "ip -6 route add fd09:2::/32 via fd00:10:10::1 expires 300",
            ],
            [
                "route fd09:3::/32 via fd00:10:10::1 dev eth1 metric 1024 pref 1: added",
                "route fd09:2::/32 via fd00:10:10::1 dev eth1 metric 1024 expires: added",
            ]
        ),
        (
            [
                "ip nexthop add id 5 via 10.10.10.1 dev eth1", "ip nexthop add id 6 via 10.10.10.12 dev eth1",
                "ip nexthop add id 10 group 5/6", "ip route add 9.8.0.0/16 nhid 10",
            ],
            [
                "nexthop id 5 dev eth1 via 10.10.10.1: added", "nexthop id 6 dev eth1 via 10.10.10.12: added",
                "nexthop id 10 group 5/6: added", "route 9.8.0.0/16 nhid 10: added",
            ]
        ),
        (["ip rule add pref 50 fwmark 0x1/0xf iif eth1 lookup 100"], ["rule pref 50 from all fwmark 0x1/0xf iif eth1"]),
        (["ip addrlabel add prefix 2001:db8::/32 label 99"], ["addrlabel prefix 2001:db8::/32 label 99: added"]),
        (
            ["ip neigh add proxy 10.10.10.50 dev eth1", "ip neigh add proxy fd00:10:10::50 dev eth1"],
            [
                "proxy neighbour 10.10.10.50 dev eth1 proxy: added",
                "proxy neighbour fd00:10:10::50 dev eth1 proxy: added",
            ]
        ),
        (
            ["ip neigh add 10.10.10.60 lladdr 02:00:00:00:00:60 nud noarp dev eth1"],
            ["neighbour 10.10.10.60 dev eth1 lladdr 02:00:00:00:00:60 NOARP: added"]
        ),
        (
            ["bridge fdb add 02:00:00:00:00:77 dev eth1 self"],
            ["fdb 02:00:00:00:00:77 dev eth1 self permanent: added"]
        ),
        (
            [
                "ip link add brx type bridge", "ip link add dumx type veth peer dumy", "ip link set dumx master brx up",
                "ip link set brx up", "bridge mdb add dev brx port dumx grp 239.5.5.5 permanent",
            ],
            ["link brx ", "link dumx ", "link dumy ", "mdb dev brx port dumx grp 239.5.5.5 permanent: added"]
        ),
    ]

    /// Likewise, of kinds that not every kernel has.
    private static let optional: [(commands: [String], differences: [String])] = [
        (["tc qdisc add dev eth1 clsact"], ["qdisc dev eth1 ingress clsact: added"]),
        (
            [
                "tc qdisc add dev eth1 ingress",
                "tc filter add dev eth1 ingress pref 7 protocol ip u32 match u32 0 0 classid 1:1",
            ],
            ["qdisc dev eth1 ingress ingress: added", "filter dev eth1 "]
        ),
        (
            [
                "tc qdisc add dev eth1 root handle 1: htb default 10",
                "tc class add dev eth1 parent 1: classid 1:10 htb rate 1mbit",
                "tc filter add dev eth1 parent 1: pref 3 protocol ip u32 match u32 0 0 flowid 1:10",
            ],
            ["qdisc dev eth1 root htb: added", "filter dev eth1 parent 1:0 chain 0 protocol 0x800 pref 3 u32: added"]
        ),
        (
            ["ip route add 9.7.0.0/16 encap seg6 mode encap segs fc00::1 via 10.10.10.1"],
            ["route 9.7.0.0/16 via 10.10.10.1 dev eth1 encap type "]
        ),
        (
            ["ip xfrm policy add src 10.0.0.0/24 dst 10.1.0.0/24 dir out action block"],
            ["xfrm policy src 10.0.0.0/24 dst 10.1.0.0/24 dir out priority 0: added"]
        ),
        (["ip mrule add pref 9 table 77"], ["mrule 0x"]),
    ]

    @Test("each is named by verify --strict, each alone, and reset removes it")
    func everyKind() throws {
        try TestLab.with("dual-stack") { lab in
            let node = lab.pin("dual-stack-worker")
            for (commands, expected) in Self.additions + Self.optional {
                let title = "\(commands)"
                var isRefused = false
                for command in commands where !isRefused {
                    let result = try Witness.run(command.split(separator: " ").map(String.init), in: node)
                    isRefused = result.status != 0
                    if isRefused, Self.additions.contains(where: { $0.commands == commands }) {
                        Issue.record("\(command): \(result.output)")
                    }
                }
                let found = try lab.differences(strict: true)
                if !isRefused {
                    #expect(found.count == expected.count, "\(title): \(found.joined(separator: "\n"))")
                    for difference in expected {
                        #expect(found.contains { $0.contains(difference) }, "\(title): \(difference): \(found)")
                    }
                }
                let reset = try Lab.running(lab.name).reset()
                if !isRefused { #expect(reset.changes.count >= 1, "\(title)") }
                let left = try lab.differences(strict: true)
                #expect(left.isEmpty, "\(title): \(left.joined(separator: "\n"))")
            }
        }
    }

    @Test(
        "a lab that nobody touched has no difference, in any form",
        arguments: ["dual-stack", "ipv4-only", "two-vlans", "ipip", "no-encapsulation", "two-routers"])
    func untouched(topology: String) throws {
        try TestLab.with(topology) { lab in
            #expect(try lab.differences(strict: true) == [])
            for namespace in lab.blueprint.namespaces { try Witness.waitForCarriers(in: lab.pin(namespace.name)) }
            let probes = try Lab.running(lab.name).probe()
            #expect(probes.failed == 0, "\(probes.failures)")
            #expect(try lab.differences(strict: true) == [])
        }
    }

    @Test("a link with the highest number that there is stands in no other's way")
    func highestNumber() throws {
        let topology = try #require(BundledTopology.named("dual-stack")).topology()
        try TestLab.with("dual-stack") { lab in
            let node = lab.pin("dual-stack-worker")
            try Witness.ip("link add hi index 2147483647 type bridge", in: node)
            try Witness.ip("link del vxlan.calico", in: node)
            try lab.up(topology)
            #expect(try lab.differences() == [])
            _ = try Lab.running(lab.name).reset()
            #expect(try lab.differences(strict: true) == [])
        }
    }
}
