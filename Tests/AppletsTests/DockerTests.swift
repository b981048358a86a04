import Testing

@testable import Applets

@Suite("docker's words and texts")
struct DockerTests {
    @Test("ps prints docker's table")
    func list() throws {
        #expect(
            try SampleLab.text(.docker, ["ps"]) == """
                CONTAINER ID   IMAGE                  COMMAND   CREATED         STATUS         PORTS                       NAMES
                abababababab   ceos:4.34.0F           ""        5 minutes ago   Up 5 minutes                               clab-l-r1
                cdcdcdcdcdcd   kindest/node:v1.28.0   ""        5 minutes ago   Up 5 minutes   127.0.0.1:40001->6443/tcp   l-control-plane

                """)
        #expect(try SampleLab.text(.docker, ["ps", "-q"]) == "abababababab\ncdcdcdcdcdcd\n")
        let gone = SampleLab.directory(nodeIsRunning: false)
        #expect(try SampleLab.text(.docker, ["ps", "-q"], gone) == "abababababab\n")
        #expect(try SampleLab.text(.docker, ["ps", "-a", "--format", "{{.State}}"], gone) == "running\nexited\n")
    }

    @Test(
        "formats and filters",
        arguments: [
            (["--format", "{{.Names}}"], "clab-l-r1\nl-control-plane\n"),
            (
                ["--format", "table {{.Names}}\\t{{.State}}"],
                "NAMES             STATE\nclab-l-r1         running\nl-control-plane   running\n"
            ),
            (["--format", "{{.Label \"clab-node-kind\"}}", "-f", "name=r1"], "arista_ceos\n"),
            (
                ["--format", "{{upper .Names}} {{json .Image}}", "-f", "name=^l-"],
                "L-CONTROL-PLANE \"kindest/node:v1.28.0\"\n"
            ),
            (["-f", "label=containerlab", "-f", "label=clab-node-name=r1", "--format={{.Names}}"], "clab-l-r1\n"),
            (["-qf", "ancestor=ceos"], "abababababab\n"), (["-f", "status=exited", "-q"], ""),
            (["-f", "network=kind", "--format", "{{.Networks}}"], "kind\n"),
        ])
    func formats(words: [String], expected: String) throws {
        #expect(try SampleLab.text(.docker, ["ps"] + words) == expected)
    }

    @Test(
        "inspect's templates",
        arguments: [
            ("{{.State.Status}}", "running"), ("{{.Name}}", "/l-control-plane"),
            ("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "172.18.0.2"),
            ("{{.NetworkSettings.Networks.kind.GlobalIPv6Address}}", "fc00:f853:ccd:e793::2"),
            ("{{(index .NetworkSettings.Networks \"kind\").Gateway}}", "172.18.0.1"),
            ("{{range $name, $n := .NetworkSettings.Networks}}{{$name}}{{end}}", "kind"),
            ("{{index .Config.Labels \"io.x-k8s.kind.role\"}}", "control-plane"), ("{{len .Id}}", "64"),
            ("{{.NetworkSettings.Networks.none.IPAddress}}", "<no value>"),
            ("{{json .State.Running}}", "true"),
        ])
    func templates(format: String, expected: String) throws {
        #expect(try SampleLab.text(.docker, ["inspect", "-f", format, "l-control-plane"]) == expected + "\n")
    }

    @Test("inspect prints documents in a list, of networks, too")
    func documents() throws {
        let text = try SampleLab.text(.docker, ["inspect", "cdcdcdcd", "clab"])
        #expect(text.hasPrefix("[\n    {\n        \"Id\": \"cdcdcd"))
        #expect(text.contains("\"Subnet\": \"172.20.20.0/24\"") && text.hasSuffix("]\n"))
        #expect(
            try SampleLab.text(.docker, ["network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "kind"])
                == "172.18.0.0/16\n")
        #expect(
            try SampleLab.text(.docker, ["network", "ls"]) == """
                NETWORK ID     NAME      DRIVER    SCOPE
                efefefefefef   kind      bridge    local
                121212121212   clab      bridge    local

                """)
    }

    @Test("exec takes flags before the container, and none after")
    func execution() throws {
        guard case .execution(let plain) = try SampleLab.answer(.docker, "exec l-control-plane ip -d link") else {
            throw AppletError("no execution")
        }
        #expect(plain.words == ["ip", "-d", "link"] && !plain.hasInput && plain.host == "l-control-plane")
        guard case .execution(let rich) = try SampleLab.answer(.docker, "exec -it -e A=b -w /etc -u root clab-l-r1 sh")
        else { throw AppletError("no execution") }
        #expect(rich.hasInput)
        #expect(rich.words == ["sh", "-c", "cd \"$0\" && exec \"$@\"", "/etc", "env", "A=b", "sh"])
        #expect(throws: AppletError.self) { try SampleLab.answer(.docker, "exec -u nobody clab-l-r1 sh") }
        #expect(throws: AppletError.self) { try SampleLab.answer(.docker, "exec --frob clab-l-r1 sh") }
        #expect(throws: AppletError.self) { try SampleLab.answer(.docker, "exec clab-l-r1") }
    }

    @Test("a switch's Cli is its session")
    func console() throws {
        #expect(try SampleLab.answer(.docker, "exec -it clab-l-r1 Cli") == .console(["r1"], lab: "l"))
        let words = ["exec", "clab-l-r1", "Cli", "-p", "15", "-c", "show vlan"]
        #expect(
            try Applet.docker.answer(words, SampleLab.directory())
                == .console(["r1", "-p", "15", "-c", "show vlan"], lab: "l"))
        // Of a machine that is no switch it is a program like any other.
        guard case .execution = try SampleLab.answer(.docker, "exec l-control-plane Cli") else {
            throw AppletError("no execution")
        }
    }

    @Test(
        "what is no lab's is the real docker's, its words as they were",
        arguments: [
            "exec web sh", "inspect web", "rm -f web", "run --rm -it alpine", "compose up -d", "network create x", "",
        ])
    func others(line: String) throws {
        guard case .program(let words, let lack) = try SampleLab.answer(.docker, line) else {
            throw AppletError("not the real one")
        }
        #expect(words == line.split(separator: " ").map(String.init) && !lack.isEmpty)
    }

    @Test("containers go together or not at all")
    func removal() throws {
        #expect(
            try SampleLab.answer(.docker, "rm -f clab-l-r1 l-control-plane")
                == .commands([["down", "-q", "l"]], then: nil))
        let refusal = #expect(throws: AppletError.self) { try SampleLab.answer(.docker, "rm -f clab-l-r1") }
        #expect(refusal?.description.contains("l-control-plane of lab l would stay") == true)
    }

    @Test("every image is there")
    func images() throws {
        #expect(try SampleLab.text(.docker, ["images", "-q", "ceos:4.34.0F"]).count == 13)
        #expect(try SampleLab.text(.docker, ["image", "inspect", "-f", "{{.RepoTags}}", "a/b"]) == "[a/b:latest]\n")
        #expect(try SampleLab.text(.docker, ["import", "cEOS.tar", "ceos:1"]).hasPrefix("sha256:"))
        #expect(
            try SampleLab.text(.docker, ["images", "--format", "{{.Repository}}:{{.Tag}}"])
                == "ceos:4.34.0F\nkindest/node:v1.28.0\n")
    }

    @Test(
        "what a template does not know is said",
        arguments: ["{{.Nope}}", "{{.Names", "{{frob .Names}}", "{{template \"x\"}}"])
    func wrongTemplates(format: String) {
        let error = #expect(throws: AppletError.self) { try SampleLab.text(.docker, ["ps", "--format", format]) }
        #expect(error?.description.hasPrefix("template parsing error: ") == true)
        let pid = #expect(throws: AppletError.self) {
            try SampleLab.text(.docker, ["inspect", "-f", "{{.State.Pid}}", "clab-l-r1"])
        }
        #expect(pid?.description.contains("no first process") == true)
    }

    @Test(
        "ages in docker's words (docker/go-units, duration_test.go)",
        arguments: [
            (0, "Less than a second"), (1, "1 second"), (45, "45 seconds"), (60, "About a minute"),
            (119, "About a minute"), (180, "3 minutes"), (3599, "59 minutes"), (3600, "About an hour"),
            (3 * 3600, "3 hours"), (32 * 3600, "32 hours"), (56 * 3600, "2 days"), (336 * 3600, "2 weeks"),
            (25 * 24 * 3600, "3 weeks"), (94 * 24 * 3600, "3 months"), (730 * 24 * 3600, "2 years"),
        ])
    func ages(seconds: Int, expected: String) {
        let now = SampleLab.created.seconds + seconds
        #expect(SampleLab.created.humanAge(at: .init(seconds: now)) == expected)
    }
}
