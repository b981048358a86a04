import Testing
import Topology

@testable import LabFolders

@Suite("Files that nodes of a folder see")
struct BindTests {
    /// A folder that is found at a place of the file system, with a node that has these binds.
    private func folder(_ binds: [String], allowing bindable: [String] = [], file: String = "x.clab.yaml") throws
        -> LabFolder
    {
        let list = binds.map { "\"\($0)\"" }.joined(separator: ", ")
        let contents = [
            file: "name: x\ntopology:\n  nodes:\n    h:\n      kind: linux\n      binds: [\(list)]\n",
            "setup.sh": "true\n",
            "conf/frr.conf": "!\n",
        ].mapValues { Array($0.utf8) }
        return try LabFolder(
            FolderFiles(name: "lab", paths: Array(contents.keys), root: "/home/ann/lab", bindable: bindable) {
                contents[$0] ?? []
            })
    }

    @Test("a file and a directory of the folder, read-only or not, however their paths are written")
    func inside() throws {
        let folder = try folder([
            "setup.sh:/setup.sh", "./conf/:/etc/frr:ro", "/home/ann/lab/conf/frr.conf:/f:rw",
            "conf/../setup.sh:/g:z,ro",
        ])
        let root = "/home/ann/lab"
        #expect(
            folder.host("h")?.binds == [
                Bind(directory: root, path: "setup.sh", target: "/setup.sh"),
                Bind(directory: root, path: "conf", target: "/etc/frr", isReadOnly: true),
                Bind(directory: root, path: "conf/frr.conf", target: "/f"),
                Bind(directory: root, path: "setup.sh", target: "/g", isReadOnly: true),
            ])
        #expect(folder.lines.isEmpty)
    }

    @Test("the last of two at one place is seen")
    func samePlace() throws {
        #expect(try folder(["setup.sh:/x", "conf:/x:ro"]).host("h")?.binds.map(\.path) == ["conf"])
    }

    @Test("a topology further down has its own directory for a start")
    func furtherDown() throws {
        #expect(try folder(["../setup.sh:/x"], file: "clab/x.clab.yaml").host("h")?.binds.map(\.path) == ["setup.sh"])
    }

    @Test(
        "what leads out of the folder is left out, with a warning at its line",
        arguments: ["/etc/shadow:/x", "../other:/x", "conf/../../x:/x", "/home/ann/laboratory/x:/x", "/:/x"])
    func outside(bind: String) throws {
        let folder = try folder([bind])
        #expect(folder.host("h")?.binds == [])
        #expect(folder.lines.count == 1)
        #expect(
            folder.lines.first?.hasPrefix("x.clab.yaml:6") == true
                && folder.lines.first?.contains("--allow-bind") == true)
    }

    @Test("what is below a directory that the user allowed is read-only")
    func allowed() throws {
        let folder = try folder(
            ["/lib/modules/6.1:/lib/modules", "/lib/modulesX:/x", "../shared/a:/a:rw"],
            allowing: ["/lib/modules", "/home/ann/shared"])
        #expect(
            folder.host("h")?.binds == [
                Bind(directory: "/lib/modules", path: "6.1", target: "/lib/modules", isReadOnly: true),
                Bind(directory: "/home/ann/shared", path: "a", target: "/a", isReadOnly: true),
            ])
        #expect(folder.lines.count == 1)
    }

    @Test(
        "what is no bind is left out, with a warning",
        arguments: [
            "setup.sh", ":/x", "setup.sh:x", "setup.sh:/", "setup.sh:/../x", "a:b:c:d", "no-such:/x",
            "setup.sh:/proc/x", "setup.sh:/sys", "setup.sh:",
        ])
    func noBind(bind: String) throws {
        let folder = try folder([bind])
        #expect(folder.host("h")?.binds == [] && folder.lines.count == 1, "\(folder.lines)")
    }

    @Test("a switch's startup configuration may be bound, and one that is named goes before it")
    func startupConfiguration() throws {
        func files(_ more: String) -> [String: String] {
            [
                "x.clab.yaml":
                    "name: x\ntopology:\n  nodes:\n    sw: { kind: ceos, binds: [\"a.cfg:/mnt/flash/startup-config:ro\"]\(more) }\n",
                "a.cfg": "hostname bound\n", "b.cfg": "hostname named\n",
            ]
        }
        #expect(try Folders.read(files("")).router("sw")?.hostname == "bound")
        #expect(try Folders.read(files(", startup-config: b.cfg")).router("sw")?.hostname == "named")
    }

    @Test("a startup configuration may be in a directory that is bound")
    func startupConfigurationInDirectory() throws {
        let files = [
            "x.clab.yaml": "name: x\ntopology:\n  nodes:\n    sw: { kind: ceos, binds: [\"flash/:/mnt/flash\"] }\n",
            "flash/startup-config": "hostname bound\n",
        ]
        #expect(try Folders.read(files).router("sw")?.hostname == "bound")
    }

    @Test("containerlab's words for a node are its name")
    func words() throws {
        let files = [
            "x.clab.yaml": """
            name: x
            topology:
              kinds:
                linux: { binds: ["conf/__clabNodeName__.conf:/etc/x.conf"] }
                arista_ceos: { startup-config: conf/__clabNodeName__.cfg }
              nodes:
                a: { kind: linux }
                b: { kind: linux }
                sw: { kind: arista_ceos }

            """, "conf/a.conf": "a\n", "conf/b.conf": "b\n", "conf/sw.cfg": "hostname named\n",
        ]
        let folder = try Folders.read(files)
        #expect(folder.host("a")?.binds.map(\.path) == ["conf/a.conf"])
        #expect(folder.host("b")?.binds.map(\.path) == ["conf/b.conf"])
        #expect(folder.router("sw")?.hostname == "named")
    }

    @Test("a cluster's nodes see what kind mounts in them, by the same rules")
    func extraMounts() throws {
        let files = [
            "k/kind.yaml": """
            kind: Cluster
            apiVersion: kind.x-k8s.io/v1alpha4
            name: c
            nodes:
            - role: control-plane
            - role: worker
              extraMounts:
              - { hostPath: ./conf, containerPath: /etc/conf }
              - { hostPath: ../one, containerPath: /one, readOnly: true, propagation: None }
              - { hostPath: /var/run/docker.sock, containerPath: /var/run/docker.sock }
              - { hostPath: missing, containerPath: /missing }
              - { hostPath: conf, containerPath: /proc/sys }
              - { containerPath: /x }

            """, "k/conf/a": "a\n", "one": "1\n",
        ]
        let folder = try Folders.read(files)
        let nodes = folder.topology.nodes
        #expect(nodes.map(\.name) == ["c-control-plane", "c-worker"])
        #expect(nodes[0].binds == [])
        #expect(
            nodes[1].binds.map { "\($0.path) \($0.target) \($0.isReadOnly)" } == [
                "k/conf /etc/conf false", "one /one true",
            ])
        #expect(folder.lines.filter { $0.contains(/kind.yaml:1[0-3]:/) }.count == 4, "\(folder.lines)")
    }
}
