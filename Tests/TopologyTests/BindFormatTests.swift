import Testing
import Topology

@Suite("Binds in the native format")
struct BindFormatTests {
    private func lab(_ bind: String) -> String {
        "lab: x\nhosts:\n  h:\n    binds:\n      - \(bind)\n"
    }

    @Test("routers, nodes and hosts have them, and they are written as they are read")
    func roundTrip() throws {
        let topology = try Topology.read(
            """
            lab: x
            routers: { r: { binds: [{ path: r.cfg, target: /r }] } }
            nodes: { n: { binds: [{ directory: /lab, path: "a b", target: "/c: d", readOnly: true }] } }
            hosts: { h: { binds: [{ directory: /lab, target: /all }] } }
            cluster: {}
            """, file: "lab.yaml")
        #expect(topology.routers.first?.binds == [Bind(path: "r.cfg", target: "/r")])
        #expect(
            topology.nodes.first?.binds == [Bind(directory: "/lab", path: "a b", target: "/c: d", isReadOnly: true)])
        #expect(topology.hosts.first?.binds == [Bind(directory: "/lab", path: "", target: "/all")])
        #expect(try Topology.read(topology.yaml, file: "again.yaml") == topology)
    }

    @Test(
        "what cannot be is an error at its place",
        arguments: [
            "{ path: a }", "{ path: ../a, target: /a }", "{ path: /a, target: /a }", "{ path: a, target: a }",
            "{ path: a, target: / }",
            "{ path: a, target: /x/../y }", "{ path: a, target: /dev/null }", "{ directory: lab, path: a, target: /a }",
            "{ path: a, target: \"/a\\nb\" }",
        ])
    func faults(bind: String) {
        #expect(errors(of: lab(bind)).map(\.line) == [5])
    }

    @Test("a file's binds are of its own directory, and of those that the user allows")
    func directories() throws {
        let own = BindDirectories(own: "/home/ann/lab", allowed: ["/srv/shared"])
        func read(_ bind: String) throws -> Bind? {
            try Topology.read(Array(lab(bind).utf8), file: "lab.yaml", binding: own).hosts.first?.binds.first
        }
        #expect(try read("{ path: a, target: /a }")?.directory == "/home/ann/lab")
        #expect(try read("{ directory: /srv/shared/x, path: a, target: /a }")?.directory == "/srv/shared/x")
        for directory in ["/", "/etc", "/srv", "/srv/sharedX", "/home/ann"] {
            let error = #expect(throws: TopologyErrors.self) {
                try read("{ directory: \(directory), path: a, target: /a }")
            }
            #expect(error?.errors.first?.line == 5 && error?.errors.first?.sentence.contains("--allow-bind") == true)
        }
    }
}
