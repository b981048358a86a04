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
}
