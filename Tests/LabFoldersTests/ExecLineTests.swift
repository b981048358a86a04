import LabFolders
import Testing
import Topology

@Suite("exec lines of a lab folder")
struct ExecLineTests {
    /// The topology of these nodes, a line each, all with a link to a bridge.
    private func read(_ nodes: String, _ rest: String = "") throws -> LabFolder {
        try Folders.read(["lab.clab.yaml": "name: lines\ntopology:\n  nodes:\n\(nodes)\n\(rest)"])
    }

    private func words(_ host: Host?) -> [String] { (host?.commands ?? []).map { $0.words.joined(separator: " ") } }

    @Test("all of a host run, in their order, where a topology cannot say one of them; the other hosts' are said by it")
    func allOrNone() throws {
        let folder = try read(
            """
                one:
                  kind: linux
                  exec:
                    - ip addr add 192.0.2.1/24 dev eth1
                    - ip link add tun7 type gre local 192.0.2.1 remote 192.0.2.2
                    - ip addr add 10.7.0.1/30 dev tun7
                two: { kind: linux, exec: [ip addr add 192.0.2.2/24 dev eth1] }
              links:
                - endpoints: ["one:eth1", "two:eth1"]
            """)
        let one = try #require(folder.host("one"))
        #expect(
            words(one) == [
                "ip addr add 192.0.2.1/24 dev eth1", "ip link add tun7 type gre local 192.0.2.1 remote 192.0.2.2",
                "ip addr add 10.7.0.1/30 dev tun7",
            ])
        #expect(one.commands.map(\.place) == ["lab.clab.yaml:7", "lab.clab.yaml:8", "lab.clab.yaml:9"])
        #expect(one.interfaces == [Node.Interface(name: "eth1")])
        let two = try #require(folder.host("two"))
        #expect(two.commands.isEmpty)
        #expect(two.interfaces.first?.addresses.map(\.description) == ["192.0.2.2/24"])
        #expect(folder.lines == [])
        #expect(try Topology.read(folder.topology.yaml, file: "again") == folder.topology)
    }

    @Test(
        "what needs to run, and what a topology says",
        arguments: [
            ("ip -6 route append 2001:db8:9::/48 via 2001:db8:1::1 dev eth1", false),
            ("ip route add 203.0.113.0/24 nexthop via 192.0.2.9 nexthop via 192.0.2.8", true),
            ("sysctl -w net.ipv4.conf.eth1.proxy_arp=1", false), ("sysctl -w net.ipv4.conf.wan9.proxy_arp=1", true),
            ("sysctl -w net.ipv4.fib_multipath_hash_policy=1", true), ("sysctl -w net.ipv4.ip_forward=yes", true),
            ("sysctl -p /etc/sysctl.d/10-lab.conf", true), ("ifconfig eth1 192.0.2.1/24", true),
            ("sh -c 'ip addr add 198.51.100.1/24 dev eth1 && ip link set eth1 up'", false),
            ("sh -c 'test -e /sys/class/net/eth1 && ip addr flush dev eth1 || true'", true),
            ("sh -c 'iperf3 -s &'", true), ("ip -batch /setup.batch", true), ("ip link set eth1 master blue", false),
        ])
    func kinds(line: String, runs: Bool) throws {
        let quoted = line.replacing("'", with: "''")
        let folder = try? read(
            "    h: { kind: linux, exec: ['ip addr add 192.0.2.1/24 dev eth1', 'ip addr add 2001:db8:1::2/64 dev eth1', '\(quoted)'] }\n"
                + "    o: { kind: linux }",
            "  links:\n    - endpoints: [\"h:eth1\", \"o:eth1\"]")
        // A master that is not there is an error of the topology.
        guard let folder else { return #expect(line.contains("master")) }
        #expect(folder.host("h")?.commands.isEmpty == !runs)
    }

    @Test("a further way to a destination is one that a topology cannot say")
    func append() throws {
        let folder = try read(
            """
                h:
                  kind: linux
                  exec:
                    - ip -6 addr add 2001:db8:1::2/64 dev eth1
                    - ip -6 route append 2001:db8:9::/48 via 2001:db8:1::1 dev eth1
                    - ip -6 route append 2001:db8:9::/48 via 2001:db8:1::3 dev eth1
                o: { kind: linux }
              links:
                - endpoints: ["h:eth1", "o:eth1"]
            """)
        #expect(words(folder.host("h")).count == 3)
        #expect(folder.lines == [])
    }

    @Test("settings of a container that a kernel may not have are its first commands")
    func settings() throws {
        let folder = try read(
            """
                h:
                  kind: linux
                  sysctls: { net.ipv4.ip_forward: 0, net.ipv6.conf.all.seg6_enabled: 1 }
                  exec: [ip addr add 192.0.2.1/24 dev eth1]
                o: { kind: linux }
              links:
                - endpoints: ["h:eth1", "o:eth1"]
            """)
        #expect(
            words(folder.host("h")) == [
                "sysctl -w net.ipv4.ip_forward=0", "sysctl -w net.ipv6.conf.all.seg6_enabled=1",
                "ip addr add 192.0.2.1/24 dev eth1",
            ])
    }

    @Test(
        "lines come from the defaults, the kind, the group and the node, in this order, with the container's environment"
    )
    func inheritance() throws {
        let folder = try Folders.read([
            "lab.clab.yaml": """
            name: inherited
            topology:
              defaults: { exec: [echo defaults], env: { A: "1", B: x } }
              kinds: { linux: { exec: [echo kind] } }
              groups: { g: { exec: [echo group], env: { B: y } } }
              nodes:
                h: { kind: linux, group: g, exec: ["echo node __clabNodeName__ __clabLabName__"], env: { C: z } }
            """
        ])
        let host = try #require(folder.host("h"))
        #expect(words(host) == ["echo defaults", "echo kind", "echo group", "echo node h clab-inherited"])
        #expect(host.environment == ["A": "1", "B": "y", "C": "z"])
    }

    @Test("lines of stages run in containerlab's order, each stage's on entering and on leaving it")
    func stages() throws {
        let folder = try read(
            """
                h:
                  kind: linux
                  exec: [echo exec]
                  stages:
                    healthy: { exec: [{ command: echo healthy }] }
                    configure: { exec: [{ command: echo left, phase: on-exit }, { command: echo configure }] }
                    create-links: { exec: [{ command: echo links, target: container, phase: on-exit }] }
                    create: { exec: [{ command: echo created, phase: on-exit }, { command: echo never }] }
                o: { kind: linux, stages: { create: { wait-for: [{ node: h, stage: healthy }] } }, exec: [echo o] }
            """)
        #expect(
            words(folder.host("h")) == [
                "echo created", "echo links", "echo configure", "echo left", "echo exec", "echo healthy",
            ])
        #expect(folder.host("o")?.commands.map(\.waits) == [["h": 6]])
        #expect(folder.lines.count == 1)
        #expect(folder.lines[0].hasPrefix("lab.clab.yaml:11: "))
        #expect(folder.lines[0].contains("h: echo never: there is no container yet when a node enters stage create"))
    }

    @Test("a stage's line that a topology can say is said by it")
    func modelledStage() throws {
        let folder = try read(
            """
                h:
                  kind: linux
                  stages: { create-links: { exec: [{ command: ip addr add 192.0.2.1/24 dev eth1, phase: on-exit }] } }
                o: { kind: linux }
              links:
                - endpoints: ["h:eth1", "o:eth1"]
            """)
        #expect(folder.host("h")?.commands.isEmpty == true)
        #expect(folder.host("h")?.interfaces.first?.addresses.map(\.description) == ["192.0.2.1/24"])
    }

    @Test("waits go on through nodes without commands, and count the commands up to a stage")
    func waits() throws {
        let folder = try read(
            """
                a:
                  kind: linux
                  exec: [echo a1, echo a2]
                  stages: { configure: { exec: [{ command: echo a0 }] } }
                b: { kind: linux, stages: { create: { wait-for: [{ node: a, stage: configure }] } } }
                c:
                  kind: linux
                  exec: [echo c1, echo c2]
                  stages: { create-links: { wait-for: [{ node: b, stage: create }] }, create: { exec: [{ command: echo c0, phase: on-exit }] } }
            """)
        #expect(words(folder.host("a")) == ["echo a0", "echo a1", "echo a2"])
        #expect(folder.host("c")?.commands.map(\.waits) == [[:], ["a": 1], [:]])
        #expect(try Topology.read(folder.topology.yaml, file: "again") == folder.topology)
    }

    @Test("what is not done of stages is said, with file and line")
    func notes() throws {
        let folder = try read(
            """
                a:
                  kind: linux
                  exec: [echo a]
                  stages:
                    create: { wait-for: [{ node: b, stage: healthy }, { node: nobody, stage: create }, { node: b, stage: gone }] }
                    healthy: { exec: [{ command: reboot, target: host }, { command: echo x, target: moon }, { command: echo y, phase: now }] }
                    exit: { exec: [{ command: echo z }] }
                    made-up: {}
                b:
                  kind: linux
                  exec: [echo b]
                  stages: { create: { wait-for: [{ node: a, stage: exit }, { node: a, stage: create }] } }
                s: { kind: bridge, exec: [echo s] }
            """)
        func said(_ line: Int, _ part: String) -> Bool {
            folder.lines.contains { $0.hasPrefix("lab.clab.yaml:\(line): ") && $0.contains(part) }
        }
        #expect(said(8, "a waits for nobody, and there is no such node"))
        #expect(said(8, "\"gone\" is no stage"))
        #expect(said(9, "a: reboot: it would run on the machine itself (target: host)"))
        #expect(said(9, "\"moon\" is no target") && said(9, "\"now\" is no phase"))
        #expect(said(10, "a host of a lab runs until the lab is gone and has no stage exit"))
        #expect(said(8, "\"made-up\" is no stage"))
        #expect(said(15, "b waits for the end of a") && said(15, "b and a wait for each other"))
        #expect(said(16, "s is a bridge and no container"))
        #expect(folder.host("a")?.commands.map(\.waits) == [["b": 1]])
        #expect(folder.host("b")?.commands.map(\.waits) == [[:]])
    }

    @Test("a node of the cluster is planned with what its lines say, and begins without it where they run")
    func nodes() throws {
        let folder = try Folders.read([
            "lab.clab.yaml": """
            name: cluster
            topology:
              nodes:
                k: { kind: k8s-kind, startup-config: kind.yaml }
                k-control-plane:
                  kind: ext-container
                  exec: [ip addr add 192.0.2.1/24 dev eth1, "sh -c 'echo 192.0.2.9 upstream >> /etc/hosts'"]
                client: { kind: linux, exec: [ip addr add 192.0.2.2/24 dev eth1] }
              links:
                - endpoints: ["k-control-plane:eth1", "client:eth1"]
            """,
            "kind.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nname: k\n",
        ])
        let node = try #require(folder.node("k-control-plane"))
        #expect(node.commands.count == 2)
        #expect(node.interfaces.map(\.name) == ["eth1"])
        #expect(node.interfaces[0].addresses.map(\.description) == ["192.0.2.1/24"])
        #expect(node.beforeCommands == LinuxConfiguration(interfaces: [Node.Interface(name: "eth1")]))
        #expect(try Topology.read(folder.topology.yaml, file: "again") == folder.topology)
    }

    @Test("a node that waits for thousands, and lines without end, are read in time")
    func hostile() throws {
        let waits = (0..<300).map { "{ node: n\($0 % 60), stage: healthy }" }.joined(separator: ", ")
        let nodes = (0..<60).map {
            "    n\($0): { kind: linux, exec: [\(Array(repeating: "a", count: 1100).joined(separator: ", "))], "
                + "stages: { create: { wait-for: [\(waits)] } } }"
        }
        let folder = try read(nodes.joined(separator: "\n"))
        #expect(folder.topology.hosts.allSatisfy { $0.commands.count == HostCommand.maximumCount })
        for stages in [
            "[]", "{ create: [] }", "{ create: { exec: {} } }", "{ create: { exec: [x, []] } }", "x", "{ 1: 2 }",
        ] {
            _ = try? read("    n: { kind: linux, stages: \(stages) }")
        }
    }
}
