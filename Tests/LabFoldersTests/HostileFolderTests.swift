import LabFolders
import Testing
import Topology

@Suite("Lab folders that mean harm, or nothing")
struct HostileFolderTests {
    private func errors(_ topology: String) -> [String] { Folders.errors(["lab.clab.yaml": topology]) }

    private func timed(_ body: () -> Void) -> Duration { ContinuousClock().measure(body) }

    @Test("an anchor inside of itself is an error")
    func cycle() {
        #expect(
            errors("name: x\ntopology: &t\n  nodes: *t") == [
                "lab.clab.yaml:3:10: the alias *t names no anchor above it"
            ])
    }

    @Test("aliases that multiply end early")
    func laughs() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
        }
        let time = timed {
            #expect(errors(text + "name: x\n").first?.contains("has more than 200000 values, aliases followed") == true)
        }
        #expect(time < .seconds(10))
    }

    @Test("a line of ten million bytes is an error, in any file")
    func longLine() {
        let line = String(repeating: "a", count: 10_000_000)
        let time = timed {
            #expect(
                errors("name: \(line)").first?.hasPrefix("lab.clab.yaml:1:1: the document has more than 1 MiB") == true)
            let topology = "name: x\ntopology: { nodes: { r: { kind: ceos, startup-config: r.cfg } } }"
            #expect(
                Folders.errors(["lab.clab.yaml": topology, "r.cfg": "hostname \(line)"])
                    == ["r.cfg:1:1: a startup configuration has 1 MiB at most"])
        }
        #expect(time < .seconds(30))
    }

    @Test("bytes that are no UTF-8 are an error, in YAML and in a startup configuration")
    func encoding() throws {
        let good = "name: x\ntopology: { nodes: { r: { kind: ceos, startup-config: r.cfg } } }"
        for (path, bytes) in [("lab.clab.yaml", Array("name: ".utf8) + [0xff, 0xfe]), ("r.cfg", [0xc3, 0x28])] {
            var files = ["lab.clab.yaml": Array(good.utf8), "r.cfg": Array("hostname r".utf8)]
            files[path] = bytes
            let error = #expect(throws: TopologyErrors.self) { try LabFolder(FolderFiles(name: "x", files)) }
            #expect(error?.errors.first?.file == path)
            #expect(error?.description.contains("UTF-8") == true)
        }
    }

    @Test("brackets in brackets end in an error")
    func depth() {
        #expect(!errors("name: x\ntopology: " + String(repeating: "[", count: 50_000)).isEmpty)
        #expect(!errors(String(repeating: "- ", count: 20_000)).isEmpty)
    }

    @Test("what a shell would take for more is a word to the program, and said")
    func metacharacters() throws {
        let folder = try Folders.read([
            "lab.clab.yaml": """
            name: x
            topology:
              nodes:
                h:
                  kind: linux
                  exec:
                    - "echo hi; rm -rf /tmp/x && $(reboot) > /dev/sda"
                    - "ip addr add 10.0.0.1/24 dev eth1; reboot"
                    - "echo 'unclosed"
                    - ""
              links: []
            """
        ])
        let host = try #require(folder.host("h"))
        #expect(
            host.commands.first?.words == ["echo", "hi;", "rm", "-rf", "/tmp/x", "&&", "$(reboot)", ">", "/dev/sda"])
        #expect(host.interfaces.isEmpty)
        #expect(folder.lines.contains { $0.hasPrefix("lab.clab.yaml:7: h: \";\" means nothing without a shell") })
        #expect(folder.lines.contains { $0.hasPrefix("lab.clab.yaml:9: a quote is not closed") })
    }

    @Test(
        "text that means something to the native format is text when it is converted",
        arguments: [
            "{1..3}", "{\\\"a\\\": 1}", "? x ? y", "&a [b] *a", "{{", "on", "~", "a # b",
        ])
    func literal(text: String) throws {
        let folder = try Folders.read([
            "lab.clab.yaml":
                "name: x\ntopology:\n  nodes:\n    h: { kind: linux, exec: [\"echo '\(text)' '&a' '*a' '? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ?'\"] }"
        ])
        #expect(try Topology.read(folder.topology.yaml, file: "again") == folder.topology)
    }

    @Test("names that nothing can have are left out or refused, and do not get into the native format")
    func names() throws {
        let folder = try Folders.read([
            "kind.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4",
            "a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { nodeName: \"n{1..2}\" }",
            "b.yaml":
                "apiVersion: v1\nkind: Pod\nmetadata: { name: b, annotations: { cni.projectcalico.org/ipv4pools: '[\"{1..2}\"]' } }\nspec: { containers: [] }",
            "c.yaml":
                "apiVersion: v1\nkind: Pod\nmetadata: { name: c }\nspec: { containers: [{ image: http-echo, args: [\"-text={1..2}\"] }] }",
        ])
        #expect(folder.topology.workloads.map(\.name) == ["c", "coredns"])
        #expect(try Topology.read(folder.topology.yaml, file: "again") == folder.topology)
        let link = try Folders.read([
            "lab.clab.yaml":
                "name: x\ntopology:\n  nodes: { a: { kind: linux }, b: { kind: linux } }\n  links: [{ endpoints: [\"a:eth{1..2}\", \"b:eth1\"] }]"
        ])
        #expect(link.lines.first?.contains("is not a name for an interface") == true)
        #expect(link.topology.cables.isEmpty)
    }

    @Test("patterns of interfaces that would keep a matcher busy end in time")
    func patterns() throws {
        for pattern in ["(((((a*)*)*)*)*)*b", "(a|a|aa)*(a|aa)*c", "a{1000}{1000}{1000}", "[", "(", "\\"] {
            let time = timed {
                _ = Folders.errors([
                    "kind.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4",
                    "calico.yaml":
                        "apiVersion: operator.tigera.io/v1\nkind: Installation\nspec: { calicoNetwork: { nodeAddressAutodetectionV4: { interface: '\(pattern)' } } }",
                ])
            }
            #expect(time < .seconds(5), "\(pattern)")
        }
    }

    @Test("an empty folder, an empty topology and a topology of nothing are errors that say what a lab needs")
    func empty() {
        #expect(Folders.errors([:]).first?.contains("neither a containerlab topology") == true)
        #expect(errors("").first == "lab.clab.yaml:1:1: the topology is empty")
        #expect(errors("name: x\ntopology: { nodes: {} }").first?.contains("the topology has no nodes") == true)
        #expect(
            errors("name: x\nname: y\ntopology: {}").first == "lab.clab.yaml:2:1: duplicate key name (first at line 1)")
    }

    @Test("byte order marks inside of texts are no part of them, so that what is written is read again")
    func byteOrderMarks() throws {
        let folder = try Folders.read([
            "x.clab.yaml": """
            name: "\u{FEFF}x"
            topology:
              nodes:
                h:
                  kind: linux
                  exec: ["cmd '\\ufeff\\ufeffa' '\\ufeff' b\\ufeff"]
            """
        ])
        #expect(folder.topology.name == "x")
        #expect(folder.host("h")?.commands.map(\.words) == [["cmd", "a", "", "b"]])
        #expect(try Topology.read(folder.topology.yaml, file: "again.yaml") == folder.topology)
    }
}
