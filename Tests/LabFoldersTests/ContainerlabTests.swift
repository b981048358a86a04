import Addresses
import LabFolders
import Testing
import Topology

@Suite("containerlab topologies")
struct ContainerlabTests {
    @Test("a node takes from its group, its kind and the defaults, the nearest first; lists and maps come together")
    func inheritance() throws {
        let folder = try Folders.read([
            "lab.clab.yaml": """
            name: inherited
            topology:
              defaults:
                kind: linux
                exec: [sysctl -w net.ipv4.conf.all.rp_filter=2]
              kinds:
                linux: { exec: ["ip link add d0 type dummy"], sysctls: { net.ipv6.conf.all.forwarding: 1 } }
                arista_ceos: { startup-config: kind.cfg }
              groups:
                switches: { kind: ceos, startup-config: group.cfg }
              nodes:
                a: { exec: ["ip addr add 10.0.0.1/24 dev d0"] }
                s1: { group: switches }
                s2: { kind: ceos }
                s3: { group: switches, startup-config: own.cfg }
            """,
            "kind.cfg": "hostname of-the-kind", "group.cfg": "hostname of-the-group", "own.cfg": "hostname its-own",
        ])
        let a = try #require(folder.host("a"))
        #expect(a.sysctls == ["ipv4/conf/all/rp_filter": "2", "ipv6/conf/all/forwarding": "1"])
        #expect(a.interfaces.map(\.name) == ["d0"])
        #expect(a.interfaces.first?.addresses.map(\.description) == ["10.0.0.1/24"])
        #expect(folder.router("s1")?.hostname == "of-the-group")
        #expect(folder.router("s2")?.hostname == "of-the-kind")
        #expect(folder.router("s3")?.hostname == "its-own")
    }

    @Test("links are read in both forms, with MTU and MAC address, and by all names of an EOS port")
    func links() throws {
        let folder = try Folders.read([
            "lab.clab.yaml": """
            name: links
            topology:
              nodes: { s: { kind: arista_ceos }, a: { kind: linux }, b: { kind: linux } }
              links:
                - type: veth
                  mtu: 9000
                  endpoints: [{ node: s, interface: Ethernet1/1 }, { node: a, interface: eth1, mac: "02:00:00:00:00:0a" }]
                - endpoints: ["b:eth1", "s:et2"]
                - type: host
                  endpoint: { node: a, interface: eth2 }
                  host-interface: veth-a
            """
        ])
        #expect(
            folder.topology.cables == [
                Cable(Endpoint("s", "eth1_1"), Endpoint("a", "eth1"), mtu: 9000),
                Cable(Endpoint("s", "eth2"), Endpoint("b", "eth1")),
            ])
        #expect(folder.host("a")?.interfaces.first?.hardwareAddress == MACAddress("02:00:00:00:00:0a"))
        // A port without configuration is an access port of VLAN 1.
        #expect(folder.router("s")?.ports.map(\.mode) == [.access(vlan: 1), .access(vlan: 1)])
        #expect(
            folder.lines.contains { $0.hasPrefix("lab.clab.yaml:9: a:eth2 is there, and its other end is not: veth-a") }
        )
    }

    @Test(
        "what is wrong is told with file, line and field",
        arguments: [
            ("name: x", "lab.clab.yaml:1:1: a containerlab topology has its nodes under topology:"),
            (
                "name: x\ntopology:\n  nodes:\n    a: {}",
                "lab.clab.yaml:4:8: topology.nodes.a: node a has no kind"
            ),
            (
                "name: x\ntopology:\n  nodes: { a: { kind: linux } }\n  links:\n    - { endpoints: [a, b], mtu: 1 }",
                "lab.clab.yaml:5:33: topology.links[0].mtu: \"1\" is not an MTU"
            ),
            (
                "name: x\ntopology:\n  nodes: [a]",
                "lab.clab.yaml:3:10: topology.nodes: want a map of names and values, found a list"
            ),
        ])
    func errors(yaml: String, expected: String) {
        #expect(Folders.errors(["lab.clab.yaml": yaml]).contains { $0.hasPrefix(expected) })
    }

    @Test(
        "a link that cannot be is one warning at its line, and the rest is there",
        arguments: [
            ("[\"a:eth1\", \"bb:eth1\"]", "topology.links[0].endpoints[1]: there is no node bb"),
            ("[\"a:eth1\"]", "topology.links[0]: a link has two endpoints"),
            ("[a, \"a:eth1\"]", "topology.links[0].endpoints[0]: \"a\" is not an endpoint"),
            ("[{ node: a }, \"a:eth1\"]", "topology.links[0].endpoints[0]: an endpoint has a node and an interface"),
            ("[\"host:x\", \"host:y\"]", "topology.links[0].endpoints[1]: there is no node host"),
            ("[\"a:eth1\", \"a:eth1\"]", "topology.links[0]: a:eth1 has a link already"),
        ])
    func badLinks(endpoints: String, expected: String) throws {
        let folder = try Folders.read([
            "lab.clab.yaml": """
            name: x
            topology:
              nodes: { a: { kind: linux }, b: { kind: linux } }
              links:
                - endpoints: \(endpoints)
                - endpoints: ["a:eth9", "b:eth9"]
            """
        ])
        #expect(folder.topology.cables.count == 1)
        #expect(folder.lines.count == 1)
        #expect(folder.lines.first?.hasPrefix("lab.clab.yaml:5: \(expected)") == true, "\(folder.lines)")
    }

    @Test("an interface has one link")
    func secondLink() throws {
        let folder = try Folders.read([
            "lab.clab.yaml": """
            name: x
            topology:
              nodes: { a: { kind: linux }, b: { kind: linux }, c: { kind: linux } }
              links:
                - endpoints: ["a:eth1", "b:eth1"]
                - endpoints: ["a:eth1", "c:eth1"]
            """
        ])
        #expect(folder.lines == ["lab.clab.yaml:6: topology.links[1]: a:eth1 has a link already; this one is left out"])
        #expect(folder.topology.cables.count == 1)
    }

    @Test(
        "a file outside of the folder is not read, however the path is written",
        arguments: ["../x.cfg", "/etc/passwd", "a/../../x"])
    func outside(path: String) {
        let errors = Folders.errors([
            "lab.clab.yaml": "name: x\ntopology:\n  nodes:\n    r: { kind: ceos, startup-config: \(path) }"
        ])
        #expect(errors.count == 1)
        #expect(errors.first?.contains("topology.nodes.r.startup-config: \(path) is outside of the folder") == true)
    }

    @Test("of several topologies the one that the script deploys counts; without one it is an error that names them")
    func several() throws {
        let one = "name: one\ntopology: { nodes: { a: { kind: linux } } }"
        let two = "name: two\ntopology: { nodes: { a: { kind: linux } } }"
        let files = ["one.clab.yaml": one, "two.clab.yaml": two]
        #expect(Folders.errors(files).first?.contains("one.clab.yaml, two.clab.yaml") == true)
        let script = ["deploy.sh": "#!/bin/sh\nsudo containerlab deploy -t two.clab.yaml\n"]
        #expect(try Folders.read(files.merging(script) { $1 }).topology.name == "two")
    }

    @Test("a kind that is a plain host here, and an image whose program is not run, are told once")
    func foreign() throws {
        let folder = try Folders.read([
            "x.clab.yaml": """
            name: x
            topology:
              nodes:
                a: { kind: nokia_srlinux }
                b: { kind: nokia_srlinux }
                c: { kind: linux, image: "quay.io/frrouting/frr:10.5.1" }
                d: { kind: linux, image: "quay.io/frrouting/frr:10.5.1" }
                e: { kind: linux, image: "ghcr.io/hellt/network-multitool:latest" }
                f: { kind: linux, image: "registry.example:5000/alpine@sha256:0123" }
            """
        ])
        #expect(folder.lines.filter { $0.contains("nodes of kind nokia_srlinux") }.count == 1)
        let images = folder.lines.filter { $0.contains("nodes of image") }
        #expect(images.count == 1 && images[0].hasPrefix("x.clab.yaml:6: nodes of image quay.io/frrouting/frr:10.5.1 "))
    }

    @Test("a loop of switches is opened, as a spanning tree would, and said")
    func loop() throws {
        let folder = try Folders.read([
            "lab.clab.yaml": """
            name: loop
            topology:
              nodes: { s1: { kind: ceos }, s2: { kind: ceos }, s3: { kind: ceos } }
              links:
                - endpoints: ["s1:eth1", "s2:eth1"]
                - endpoints: ["s2:eth2", "s3:eth1"]
                - endpoints: ["s3:eth2", "s1:eth2"]
            """
        ])
        let down = folder.topology.routers.flatMap { router in
            router.ports.filter(\.isShutdown).map { "\(router.name):\($0.name)" }
        }
        #expect(down.count == 1)
        #expect(folder.lines.contains { $0.hasPrefix("lab.clab.yaml:7: this link closes a loop of switches") })
    }

    @Test("of a port channel's links one carries its traffic, and the others are said to be spare")
    func portChannel() throws {
        let channel = """
            interface Ethernet1-2
               channel-group 5 mode active
            interface Port-Channel5
               no switchport
               ip address 10.0.0.%/24
            ip routing
            """
        let folder = try Folders.read([
            "lab.clab.yaml": """
            name: lag
            topology:
              nodes: { s1: { kind: ceos, startup-config: s1.cfg }, s2: { kind: ceos, startup-config: s2.cfg } }
              links:
                - endpoints: ["s1:eth1", "s2:eth1"]
                - endpoints: ["s1:eth2", "s2:eth2"]
            """,
            "s1.cfg": channel.replacing("%", with: "1"), "s2.cfg": channel.replacing("%", with: "2"),
        ])
        for name in ["s1", "s2"] {
            let ports = try #require(folder.router(name)).ports
            #expect(ports.map(\.isShutdown) == [false, true])
        }
        #expect(folder.lines.contains { $0.contains("Ethernet2 is one of several links of Port-Channel5") })
    }
}
