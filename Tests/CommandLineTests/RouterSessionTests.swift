import Foundation
import KernelTestSupport
import Testing

/// What somebody sees who types at a router's prompt, key by key.
@Suite("A router's session at a terminal", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct RouterSessionTests {
    private static let topology = """
        lab: x
        routers:
          sw:
            hostname: ceos
            vlans: { 10: { name: USERS, addresses: [10.0.10.1/24] } }
            ports:
              eth1: { access: 10, connect: "h1:eth1" }
              eth2: { addresses: [10.0.2.1/24], connect: "h2:eth1" }
        hosts:
          h1: { interfaces: { eth1: { addresses: [10.0.10.11/24] } }, routes: ["default via 10.0.10.1"] }
          h2: { interfaces: { eth1: { addresses: [10.0.2.11/24] } }, routes: ["default via 10.0.2.1"] }
        allowPendingPods: true
        """

    private func withSession(
        _ arguments: [String] = [], rows: UInt16 = 0, _ body: (Terminal, Program) throws -> Void
    ) throws {
        try Program.with(topology: Self.topology) { nslab in
            let terminal = try Terminal(
                [BuiltProgram.path, "cli", "--lab", nslab.lab, "sw"] + arguments, rows: rows)
            try terminal.wait(for: arguments.isEmpty ? "ceos>" : "ceos#")
            try body(terminal, nslab)
        }
    }

    @Test("prompts with the host name and the mode, up and down again")
    func prompts() throws {
        try withSession { terminal, _ in
            try terminal.type("enable\n", until: "ceos#")
            try terminal.type("disable\n", until: "ceos>")
            #expect(
                try terminal.type("conf t\n", until: "ceos>").contains("% Invalid input (privileged mode required)\n"))
            try terminal.type("en\n", until: "ceos#")
            try terminal.type("configure terminal\n", until: "ceos(config)#")
            try terminal.type("interface Ethernet1\n", until: "ceos(config-if-Et1)#")
            try terminal.type("interface et1-2\n", until: "ceos(config-if-Et1-2)#")
            try terminal.type("vlan 20\n", until: "ceos(config-vlan-20)#")
            try terminal.type("exit\n", until: "ceos(config)#")
            try terminal.type("int vl 10\n", until: "ceos(config-if-Vl10)#")
            // Ctrl-Z leaves configuration, Ctrl-D on an empty line one mode.
            try terminal.type("\u{1a}", until: "ceos#")
            try terminal.type("configure\n", until: "ceos(config)#")
            try terminal.type("\u{04}", until: "ceos#")
            try terminal.type("\u{04}")
            #expect(try terminal.waitForEnd().status == 0)
        }
    }

    @Test("? answers at once and gives the line back")
    func help() throws {
        try withSession { terminal, _ in
            let help = try terminal.type("show ver?", until: "ceos>show ver")
            #expect(help.contains("?\n  version  Software and hardware versions\n"), "\(help)")
            // What was given back goes on.
            #expect(try terminal.type("sion | include Kernel\n", until: "ceos>").contains("Kernel version: "))
            let all = try terminal.type("show vlan ?", until: "ceos>show vlan ")
            #expect(all.contains("  <1-4094>") && all.contains("  <cr>\n") && all.contains("  |  "), "\(all)")
            try terminal.type("\u{15}foo ?", until: "?\n% Unrecognized command\n")
            try terminal.wait(for: "ceos>foo ")
            #expect(
                try terminal.type("\u{15}show vlan | ?", until: "ceos>show vlan | ").contains(
                    "  include  Include lines that match\n"))
        }
    }

    @Test("Tab completes, twice it lists; what may mean several is told")
    func completion() throws {
        try withSession { terminal, _ in
            try terminal.type("sho\tver\t| inc Arch\n", until: "\nArchitecture: ")
            try terminal.wait(for: "ceos>")
            let list = try terminal.type("show i\t\t", until: "  ipv6 ")
            #expect(list.contains("  interfaces "), "\(list)")
            #expect(try terminal.type("\n", until: "% Ambiguous command\n").contains("show i"))
        }
    }

    @Test("Ctrl-C gives up the line, and what runs on the router, not the session; Up recalls")
    func control() throws {
        try withSession { terminal, _ in
            try terminal.type("show vl")
            try terminal.type("\u{03}", until: "^C\nceos>")
            #expect(!(try terminal.type("show hostname\n", until: "ceos>")).contains("VLAN"))
            // Up
            try terminal.type("\u{1b}[A\n", until: "Hostname: ceos\nFQDN:     ceos\nceos>")
            try terminal.type("ping 10.0.10.1 repeat 1000\n", until: "icmp_seq=1 ")
            #expect(try terminal.type("\u{03}", until: "ceos>").contains("ping statistics"))
            #expect(try terminal.type("show history\n", until: "ceos>").contains("  ping 10.0.10.1 repeat 1000\n"))
            try terminal.type("exit\n")
            #expect(try terminal.waitForEnd().status == 0)
        }
    }

    @Test(
        "a page at a time where the terminal says how long it is: space, Return, q; all at once by no-more or length 0")
    func pages() throws {
        try withSession(["-p", "15"], rows: 10) { terminal, _ in
            let first = try terminal.type("show running-config\n", until: "--More--")
            #expect(first.contains("! Command: show running-config\n") && !first.contains("interface Ethernet2"))
            #expect(first.split(separator: "\n").count == 11, "\(first)")
            let line = try terminal.type("\n", until: "--More--")
            #expect(line.count { $0 == "\n" } == 1, "\(line)")
            try terminal.type(" ", until: "--More--")
            let rest = try terminal.type("q", until: "ceos#")
            #expect(!rest.contains("end\n"), "\(rest)")
            try terminal.type("show running-config | no-more\n", until: "\nend\nceos#")
            try terminal.type("terminal length 0\n", until: "disabled.\nceos#")
            let all = try terminal.type("show running-config\n", until: "\nend\nceos#")
            #expect(!all.contains("--More--"))
        }
    }

    @Test("what programs that drive switches wait for")
    func programs() throws {
        try withSession { terminal, _ in
            let length = try terminal.type("terminal length 0\n", until: "ceos>")
            #expect(length.contains("Pagination disabled.\n"))
            let width = try terminal.type("terminal width 511\n", until: "ceos>")
            #expect(width.contains("Width set to 511 columns.\n"))
            // A line that is longer than eighty columns comes back as it was typed.
            let long = "show running-config | section " + String(repeating: "x", count: 200)
            let echo = try terminal.type("\(long)\n", until: "required)\nceos>")
            #expect(echo.contains(long), "\(echo)")
        }
        try withSession(["-p", "15"]) { terminal, _ in
            #expect(try terminal.type("bash hostname\n", until: "ceos\n").contains("bash hostname"))
            try terminal.wait(for: "#")
            try terminal.type("bash echo one two | wc -w\n", until: "\n2\nceos#")
            try terminal.type("ping 10.0.10.1 repeat 1 | include x\n", until: "% Invalid input\nceos#")
        }
    }

    @Test("what a switch takes although it does not work is taken, and told")
    func doubtful() throws {
        try Program.with { nslab in
            try nslab.run("up", "two-vlans", "--name", nslab.lab, "--no-probe", "--no-api")
            let text = try nslab.run(
                "cli", "--lab", nslab.lab, "tor", "-p", "15", "-c",
                "configure\ninterface Vlan10\nno ip address\nip address 10.77.0.1/24\nshow ip interface brief")
            #expect(text.status == 0 && text.output.contains("Vlan10           10.77.0.1/24 "), "\(text.output)")
            #expect(text.output.contains("\n! ") || text.output.hasPrefix("! "), "\(text.output)")
            #expect(try nslab.run("verify", nslab.lab).status == 0)
        }
    }

    @Test("two that configure at once lose nothing")
    func together() throws {
        try Program.with(topology: Self.topology) { nslab in
            let sessions = try (1...4).map { number in
                try Witness.Process([
                    BuiltProgram.path, "cli", "--lab", nslab.lab, "sw", "-p", "15", "-c",
                    "configure\ninterface Loopback\(number)\nip address 10.255.0.\(number)/32",
                ])
            }
            for session in sessions {
                let end = try session.wait()
                #expect(end.status == 0, "\(end.output)")
            }
            let addresses = try Witness.json("ip -j -4 address show dev lo", in: nslab.pin("sw")).first?["addr_info"]
            let own = (addresses as? [[String: Any]] ?? []).compactMap { $0["local"] as? String }
                .filter { $0.hasPrefix("10.255.") }
            #expect(Set(own) == ["10.255.0.1", "10.255.0.2", "10.255.0.3", "10.255.0.4"])
            #expect(try nslab.run("verify", nslab.lab).status == 0)
        }
    }

    @Test("configuration changes the running lab, as ip sees it, and verify finds nothing")
    func configuration() throws {
        try withSession(["-p", "15"]) { terminal, nslab in
            let router = nslab.pin("sw")
            try terminal.type("configure\n", until: "(config)#")
            try terminal.type("interface Ethernet2\n", until: "(config-if-Et2)#")
            for line in ["description to h2", "mtu 1400", "ip address 10.0.9.1/24 secondary"] {
                try terminal.type("\(line)\n", until: "(config-if-Et2)#")
            }
            let link = try #require(try Witness.json("ip -j link show eth2", in: router).first)
            #expect(link["mtu"] as? Int == 1400 && link["ifalias"] as? String == "to h2")
            let addresses = try Witness.json("ip -j -4 address show eth2", in: router).first?["addr_info"]
            #expect(
                (addresses as? [[String: Any]] ?? []).compactMap { $0["local"] as? String } == ["10.0.2.1", "10.0.9.1"])
            try terminal.type("shutdown\n", until: "(config-if-Et2)#")
            let flags = try Witness.json("ip -j link show eth2", in: router).first?["flags"] as? [String]
            #expect(flags?.contains("UP") == false)
            try terminal.type("no shutdown\n", until: "(config-if-Et2)#")
            try terminal.type("ip route 198.51.100.0/24 10.0.2.11 200\n", until: "(config)#")
            let route = try Witness.json("ip -j route show 198.51.100.0/24", in: router).first
            #expect(route?["gateway"] as? String == "10.0.2.11" && route?["metric"] as? Int == 200)
            try terminal.type("interface Ethernet1\n", until: "(config-if-Et1)#")
            #expect(
                try terminal.type("switchport access vlan 30\n", until: "(config-if-Et1)#").contains(
                    "! Access VLAN does not exist. Creating vlan 30\n"))
            #expect(try terminal.type("do show vlan 30\n", until: "(config-if-Et1)#").contains("active    Et1\n"))
            #expect(
                try terminal.type("ip address 10.0.0.1/24\n", until: "(config-if-Et1)#").contains(
                    "% Ethernet1 switches"))
            #expect(try terminal.type("router bgp 65001\n", until: "(config-if-Et1)#").contains("% router bgp: "))
            try terminal.type("\u{1a}", until: "ceos#")
            let running = try terminal.type("show running-config interfaces Et2\n", until: "ceos#")
            #expect(
                running.contains(
                    "interface Ethernet2\n   description to h2\n   mtu 1400\n   no switchport\n   ip address 10.0.2.1/24\n   ip address 10.0.9.1/24 secondary\n"
                ), "\(running)")
            #expect(try nslab.run("verify", nslab.lab).status == 0)
        }
    }
}
