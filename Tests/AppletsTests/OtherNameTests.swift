import ClusterObjects
import Testing

@testable import Applets

@Suite("containerlab's, kind's and sudo's words and texts")
struct OtherNameTests {
    @Test("inspect prints containerlab's table, of a topology, a name or all")
    func inspect() throws {
        let table = """
            ╭─────────────────┬──────────────────────┬─────────┬───────────────────────╮
            │      Name       │      Kind/Image      │  State  │    IPv4/6 Address     │
            ├─────────────────┼──────────────────────┼─────────┼───────────────────────┤
            │ clab-l-r1       │ arista_ceos          │ running │ 172.20.20.2           │
            │                 │ ceos:4.34.0F         │         │ N/A                   │
            ├─────────────────┼──────────────────────┼─────────┼───────────────────────┤
            │ l-control-plane │ k8s-kind             │ running │ 172.18.0.2            │
            │                 │ kindest/node:v1.28.0 │         │ fc00:f853:ccd:e793::2 │
            ╰─────────────────┴──────────────────────┴─────────┴───────────────────────╯

            """
        for line in [
            "inspect -t l.clab.yaml", "-t l.clab.yaml inspect", "ins --name l", "inspect --topo=./l.clab.yaml",
        ] {
            #expect(try SampleLab.answer(.containerlab, line) == .text(table), "\(line)")
        }
        #expect(
            try SampleLab.text(.containerlab, ["inspect", "-a"]).contains("│ /labs/l.clab.yaml │ l        │ clab-l-r1 ")
        )
        let json = try JSON(parsing: SampleLab.text(.containerlab, ["inspect", "--name", "l", "-f", "json"]).utf8)
        #expect(json["l"][1]["ipv6_address"] == "fc00:f853:ccd:e793::2/64" && json["l"][0]["kind"] == "arista_ceos")
        #expect(
            try SampleLab.text(.containerlab, ["inspect", "--name", "l", "--format", "csv"])
                .contains(
                    "l,/labs/l.clab.yaml,/labs/l.clab.yaml,clab-l-r1,abababababab,ceos:4.34.0F,arista_ceos,running"))
    }

    @Test(
        "what is done for each of containerlab's commands",
        arguments: [
            (
                "deploy -t new.clab.yaml",
                AppletAnswer.commands(
                    [["up", "new.clab.yaml", "--no-probe", "-q"]], then: ["inspect", "--name", "new"])
            ),
            (
                "dep -t new.clab.yaml --name x -c",
                .commands(
                    [["down", "-q", "x"], ["up", "new.clab.yaml", "--no-probe", "-q", "--name", "x"]],
                    then: ["inspect", "--name", "x"])
            ),
            ("destroy -t l.clab.yaml --cleanup", .commands([["down", "l"]], then: nil)),
            ("destroy --all -y", .commands([["down", "l"]], then: nil)),
            ("version", .program(words: ["version"], lack: "nslab does not answer containerlab version")),
            (
                "destroy -t new.clab.yaml",
                .program(words: ["destroy", "-t", "new.clab.yaml"], lack: "no lab of this topology is running")
            ),
            (
                "graph --name l --mermaid",
                .file(
                    path: "clab-l/graph/l.mermaid",
                    content: "---\ntitle: l\n---\ngraph TD\n  r1 ---|\"eth1 – eth1\"| l-control-plane\n")
            ),
        ])
    func commands(line: String, expected: AppletAnswer) throws {
        #expect(try SampleLab.answer(.containerlab, line) == expected)
    }

    @Test("containerlab exec runs in each node that a label means")
    func exec() throws {
        let words = ["exec", "--name", "l", "--label", "clab-node-name=r1", "--cmd", "ip route"]
        guard case .executions(let executions) = try Applet.containerlab.answer(words, SampleLab.directory()) else {
            throw AppletError("no executions")
        }
        #expect(executions.map(\.host) == ["r1"] && executions[0].words == ["sh", "-c", "ip route"])
    }

    @Test("kind's clusters, nodes and kubeconfig")
    func kind() throws {
        #expect(try SampleLab.text(.kind, ["get", "clusters"]) == "l\n")
        #expect(try SampleLab.text(.kind, ["get", "nodes", "--name", "l"]) == "l-control-plane\n")
        #expect(try SampleLab.answer(.kind, "get kubeconfig --name l") == .commands([["kubeconfig", "l"]], then: nil))
        #expect(try SampleLab.answer(.kind, "delete cluster --name l") == .commands([["down", "l"]], then: nil))
        #expect(
            try SampleLab.answer(.kind, "get kubeconfig")
                == .program(
                    words: ["get", "kubeconfig"],
                    lack: "could not locate any control plane nodes for cluster named 'kind'"))
        let named = SampleLab.directory(environment: ["KIND_CLUSTER_NAME": "l"])
        #expect(try SampleLab.text(.kind, ["get", "nodes"], named) == "l-control-plane\n")
        guard case .program = try SampleLab.answer(.kind, "create cluster") else {
            throw AppletError("not the real one")
        }
    }

    @Test(
        "sudo keeps PATH for a command, and leaves alone what is none",
        arguments: [
            ("containerlab deploy", "env PATH=/p containerlab deploy"),
            ("-u root -E docker ps", "-u root -E env PATH=/p docker ps"),
            ("-- ls -l", "-- env PATH=/p ls -l"), ("A=b ls", "env PATH=/p A=b ls"), ("-l", "-l"), ("-i", "-i"),
            ("-nv", "-nv"),
            ("--user=x ls", "--user=x env PATH=/p ls"), ("-u", "-u"), ("", ""),
        ])
    func sudo(written: String, expected: String) {
        let words = written.split(separator: " ").map(String.init)
        #expect(SudoWords(words, environment: ["PATH": "/p", "HOME": "/h"]).words.joined(separator: " ") == expected)
    }

    @Test("a program's name is the last part of its path")
    func names() {
        #expect(Applet(called: "/home/u/.cache/nslab/bin/docker") == .docker)
        #expect(Applet(called: "nslab") == nil && Applet(called: "") == nil)
    }
}
