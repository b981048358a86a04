import Addresses
import Glibc
import KernelTestSupport
import Netlink
import NetworkNamespaces
import NetworkObjects
import Testing

@testable import Rtnetlink

@Suite("links in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct LinkTests {
    @Test("a namespace holds lo alone, down and without carrier")
    func fresh() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let links = try bench.socket.links().filter { !Witness.isKernelsOwn("\($0.link.name)") }
            #expect(links.map(\.link.name) == ["lo"])
            #expect(links[0].index == 1)
            #expect(links[0].link.kind == .loopback)
            #expect(!links[0].link.isUp)
            #expect(links[0].link.mtu == 65536)
        }
    }

    @Test("lo is configured: up, with an alias, in a group")
    func loopback() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.batch.configure(Link("lo", .loopback, group: 7, alias: "nslab of this test"), in: bench.table)
            try bench.socket.execute(&bench.batch)
            let lo = try bench.observe("lo").link
            #expect(lo.isUp)
            #expect(lo.alias == "nslab of this test")
            #expect(lo.group == 7)
            let witness = try Witness.json("ip -j -d link show dev lo")[0]
            #expect(witness["ifalias"] as? String == "nslab of this test")
            #expect(witness["group"] as? String == "7")
            #expect((witness["flags"] as? [String])?.contains("UP") == true)
        }
    }

    @Test("what a link has carried is what ip counts")
    func counters() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.batch.configure(Link("lo", .loopback), in: bench.table)
            try bench.socket.execute(&bench.batch)
            try Witness.output(["ping", "-c", "2", "-i", "0.01", "127.0.0.1"])
            let counters = try #require(try bench.socket.linkCounters()["lo"])
            let witness = try #require(
                try Witness.json("ip -s -s -j link show dev lo").first?["stats64"] as? [String: [String: Any]])
            func number(_ way: String, _ name: String) -> UInt64 {
                (witness[way]?[name] as? Int).map { UInt64($0) } ?? .max
            }
            #expect(counters.received.packets == number("rx", "packets") && counters.received.packets >= 4)
            #expect(counters.received.bytes == number("rx", "bytes") && counters.sent.bytes == number("tx", "bytes"))
            #expect(
                counters.received.dropped == number("rx", "dropped") && counters.sent.errors == number("tx", "errors"))
            #expect(counters.receivedMulticast == number("rx", "multicast"))
            #expect(counters.collisions == number("tx", "collisions"))
        }
    }

    @Test("whether packets of IPv6 that come by a link are sent on")
    func forwarding() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            for isOn in [true, false] {
                try Witness.output(["sysctl", "-q", "-w", "net.ipv6.conf.lo.forwarding=\(isOn ? 1 : 0)"])
                #expect(try bench.observe("lo").forwardsIPv6 == isOn)
            }
        }
    }

    @Test("a bridge keeps every attribute, and the alias that takes a second request")
    func bridge() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let bridge = Link(
                "vlan10", .bridge(Bridge()), mac: MACAddress("02:00:00:00:00:0a"), mtu: 1400, group: 3, alias: "SVI")
            try bench.batch.create(bridge, index: 42, in: bench.table)
            #expect(bench.batch.count == 2)
            try bench.socket.execute(&bench.batch)
            let observed = try bench.observe("vlan10")
            #expect(observed.index == 42)
            #expect(bridge.isSatisfied(by: observed.link))
            let witness = try Witness.json("ip -j -d link show dev vlan10")[0]
            #expect(witness["ifindex"] as? Int == 42)
            #expect(witness["mtu"] as? Int == 1400)
            #expect(witness["address"] as? String == "02:00:00:00:00:0a")
            #expect(witness["group"] as? String == "3")
            #expect(witness["ifalias"] as? String == "SVI")
            #expect((witness["linkinfo"] as? [String: Any])?["info_kind"] as? String == "bridge")
        }
    }

    @Test(
        "a VXLAN keeps its VNI, port, local address, device and learning",
        arguments: [
            ("vxlan.calico", "10.10.10.11", false), ("vxlan-v6.calico", "fd00:10:10::11", false),
            ("learner", "10.10.10.11", true),
        ])
    func vxlan(name: String, local: String, learning: Bool) async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let name = InterfaceName(name)!
            try bench.create(Link("under", .bridge(Bridge())))
            let device = VXLAN(vni: 4096, port: 4789, local: IPAddress(local)!, device: "under", learning: learning)
            let link = Link(name, .vxlan(device), mac: MACAddress("66:ee:a7:ef:78:65"), mtu: 1430)
            try bench.create(link)
            #expect(link.isSatisfied(by: try bench.observe(name).link))
            let witness = try Witness.json("ip -j -d link show dev \(name)")[0]
            let info = (witness["linkinfo"] as? [String: Any])?["info_data"] as? [String: Any]
            #expect(info?["id"] as? Int == 4096)
            #expect(info?["port"] as? Int == 4789)
            #expect((info?["local"] ?? info?["local6"]) as? String == local)
            #expect(info?["link"] as? String == "under")
            #expect((info?["learning"] as? Bool ?? false) == learning)
            #expect(witness["address"] as? String == "66:ee:a7:ef:78:65")
            #expect(witness["mtu"] as? Int == 1430)
        }
    }

    @Test("a veth has both ends: this one as a port of a bridge, the other in another namespace")
    func veth() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let there = try NetworkNamespace.another()
            try bench.create(Link("br", .bridge(Bridge())))
            let link = Link(
                "eth1", .veth(peer: VethPeer(namespace: "there", name: "eth0")), mac: MACAddress("ee:ee:ee:ee:ee:ee"),
                mtu: 1430, master: "br", group: 5)
            let peer = Link(
                "eth0", .veth(peer: nil), mac: MACAddress("02:00:00:00:00:01"), mtu: 1430, group: 6)
            try bench.batch.createVeth(
                link, index: bench.table.assign("eth1"), peer: peer, peerIndex: 2,
                peerNamespace: there.descriptor.number, in: bench.table)
            try bench.socket.execute(&bench.batch)

            try there.inside { inside in
                var bench = try Workbench(in: inside)
                bench.table.insert("eth0", 2)
                #expect(try bench.observe("eth0").link.isUp == false)
                try bench.batch.configure(peer, in: bench.table)
                try bench.socket.execute(&bench.batch)
            }
            let near = try bench.observe("eth1")
            #expect(link.isSatisfied(by: near.link))
            #expect(near.hasCarrier)
            #expect(near.lowerIndex == 2)
            let nearWitness = try Witness.json("ip -j -d link show dev eth1")[0]
            #expect(nearWitness["master"] as? String == "br")
            #expect(nearWitness["address"] as? String == "ee:ee:ee:ee:ee:ee")
            #expect(nearWitness["operstate"] as? String == "UP")
            #expect(nearWitness["num_tx_queues"] as? Int == 1 && nearWitness["num_rx_queues"] as? Int == 1)

            try there.inside { inside in
                var bench = try Workbench(in: inside)
                let far = try bench.observe("eth0")
                #expect(far.index == 2)
                #expect(peer.isSatisfied(by: far.link))
                let farWitness = try Witness.json("ip -j -d link show dev eth0")[0]
                #expect(farWitness["mtu"] as? Int == 1430)
                #expect(farWitness["group"] as? String == "6")
                #expect(farWitness["operstate"] as? String == "UP")
                #expect(farWitness["num_tx_queues"] as? Int == 1 && farWitness["num_rx_queues"] as? Int == 1)
            }
        }
    }

    @Test("a veth's other end is configured in its own namespace")
    func configurePeer() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let (a, b) = (Link("a", .veth(peer: nil)), Link("b", .veth(peer: nil), isUp: false))
            try bench.createVeth(a, b)
            #expect(try bench.observe("b").link.isUp == false)
            #expect(try bench.observe("a").hasCarrier == false)
            try bench.create(Link("br", .bridge(Bridge())))
            let wanted = Link(
                "b", .veth(peer: nil), mac: MACAddress("02:00:00:00:00:0b"), mtu: 1300, master: "br", group: 9,
                alias: "end b")
            try bench.batch.configure(wanted, in: bench.table)
            #expect(bench.batch.count == 1)
            try bench.socket.execute(&bench.batch)
            #expect(wanted.isSatisfied(by: try bench.observe("b").link))
            let witness = try Witness.json("ip -j -d link show dev b")[0]
            #expect(witness["master"] as? String == "br")
            #expect(witness["mtu"] as? Int == 1300)
            #expect(witness["ifalias"] as? String == "end b")
        }
    }

    @Test("deleting one end of a veth takes the other with it")
    func delete() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let a = Link("a", .veth(peer: nil))
            try bench.createVeth(a, Link("b", .veth(peer: nil)))
            try bench.batch.delete(a, in: bench.table)
            try bench.socket.execute(&bench.batch)
            #expect(
                try bench.socket.links().map(\.link.name.description).filter { !Witness.isKernelsOwn($0) } == ["lo"])
            #expect(try Witness.links() == ["lo"])
        }
    }

    @Test("a link is found by name with the links it names, and is nil where there is none")
    func byName() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.create(Link("br", .bridge(Bridge())), Link("under", .bridge(Bridge())))
            let vxlan = VXLAN(vni: 1, local: IPAddress("10.0.0.1")!, device: "under")
            try bench.create(Link("vx", .vxlan(vxlan), master: "br"))
            let found = try #require(try bench.socket.link(named: "vx"))
            #expect(found == (try bench.observe("vx")))
            #expect(found.link.master == "br")
            #expect(found.link.kind == .vxlan(vxlan))
            #expect(try bench.socket.link(named: "nobody") == nil)
        }
    }

    @Test(
        "an IPIP tunnel has the ends it was given, or any, as the kernel's own tunl0; or is refused as iproute2 is refused"
    )
    func ipip() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let witness = try Witness.run(["ip", "link", "add", "witness", "type", "ipip", "local", "10.9.9.9"])
            // The kernel has it once its module is loaded, and is then not to be made (`ip_tunnel_find`).
            bench.table = InterfaceTable(try bench.socket.links())
            let hasFallback = bench.table["tunl0"] != nil
            let (plain, ended) = (
                Link("tunl0", .ipip(IPIP()), mtu: 1400),
                Link(
                    "ends", .ipip(IPIP(local: IPv4Address("10.0.0.1")!, remote: IPv4Address("10.0.0.2")!)), mtu: 1300)
            )
            guard witness.status == 0 else {
                try bench.batch.create(plain, index: 40, in: bench.table)
                #expect(try refusal(&bench).errno == EOPNOTSUPP)
                return
            }
            if hasFallback {
                try bench.batch.configure(plain, in: bench.table)
            } else {
                try bench.batch.create(plain, index: bench.table.assign(plain.name), in: bench.table)
            }
            try bench.create(ended)
            for (link, local, remote) in [(plain, "any", "any"), (ended, "10.0.0.1", "10.0.0.2")] {
                #expect(link.isSatisfied(by: try bench.observe(link.name).link))
                let object = try Witness.json("ip -j -d link show dev \(link.name)")[0]
                let info = object["linkinfo"] as? [String: Any]
                let data = info?["info_data"] as? [String: Any]
                #expect(info?["info_kind"] as? String == "ipip")
                #expect(data?["local"] as? String == local && data?["remote"] as? String == remote)
                #expect(object["mtu"] as? Int == Int(link.mtu!))
            }
            let differences = ended.kindDifferences(from: try bench.observe("tunl0").link)
            #expect(differences.map(\.name) == [.local, .remote])
            // Deleting ends both; the kernel keeps its own, down.
            for link in [plain, ended] { try bench.batch.delete(link, in: bench.table) }
            try bench.socket.execute(&bench.batch)
            #expect(try bench.socket.link(named: "ends") == nil)
            let left = try bench.socket.link(named: "tunl0")
            #expect(hasFallback ? left?.link.isUp == false : left == nil)
        }
    }

    @Test("links of other kinds are read by the kernel's own name for them")
    func otherKinds() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            // Not every kernel has a dummy; an ip6gre-like name would need one too. ifb, dummy or bond: whichever there is.
            for kind in ["dummy", "ifb", "bond", "macvlan"] {
                let result =
                    kind == "macvlan"
                    ? try Witness.run(["ip", "link", "add", "odd", "link", "lo", "type", kind])
                    : try Witness.run(["ip", "link", "add", "odd", "type", kind])
                guard result.status == 0 else { continue }
                #expect(try bench.observe("odd").link.kind == .other(kind))
                return
            }
        }
    }

    @Test("a VLAN exists where the kernel has 802.1Q, and is refused as iproute2 is refused where it has not")
    func vlan() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.create(Link("br", .bridge(Bridge())))
            let link = Link("vlan10", .vlan(VLAN(parent: "br", id: 10)))
            let witness = try Witness.run(["ip", "link", "add", "witness", "link", "br", "type", "vlan", "id", "11"])
            bench.table = InterfaceTable(try bench.socket.links())
            try bench.batch.create(link, index: bench.table.assign("vlan10"), in: bench.table)
            if witness.status == 0 {
                try bench.socket.execute(&bench.batch)
                #expect(link.isSatisfied(by: try bench.observe("vlan10").link))
                let info = try Witness.json("ip -j -d link show dev vlan10")[0]["linkinfo"] as? [String: Any]
                #expect((info?["info_data"] as? [String: Any])?["id"] as? Int == 10)
            } else {
                let failure = try refusal(&bench)
                #expect(failure.errno == EOPNOTSUPP)
                // iproute2 prints the kernel's sentence, "Unknown device type", and ours is the same.
                #expect(witness.output.contains(try #require(failure.message)))
            }
        }
    }

    @Test(
        "a VLAN-aware bridge exists where the kernel filters, and is refused as iproute2 is refused where it does not")
    func vlanAware() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let link = Link("br", .bridge(Bridge(vlanFiltering: true, defaultPVID: 0)))
            let witness = try Witness.run(["ip", "link", "add", "witness", "type", "bridge", "vlan_filtering", "1"])
            bench.table = InterfaceTable(try bench.socket.links())
            try bench.batch.create(link, index: bench.table.assign("br"), in: bench.table)
            if witness.status == 0 {
                try bench.socket.execute(&bench.batch)
                #expect(link.isSatisfied(by: try bench.observe("br").link))
            } else {
                #expect(try refusal(&bench).errno == EOPNOTSUPP)
            }
        }
    }
}
