import Foundation
import Glibc
import KernelTestSupport
import Testing

@Suite("Routing daemons in a lab's hosts", .needsRoot, .timeLimit(.minutes(20)))
struct RoutingDaemonTests {
    /// One that needs no more than a program of the folder may have, and one that asks for more.
    private static let files = [
        "x.clab.yaml": """
        name: daemons
        topology:
          nodes:
            b:
              kind: linux
              binds: ["packages:/packages:ro", "bird.conf:/etc/bird/bird.conf:ro", "bird.sh:/bird.sh"]
              exec: [ip addr add 192.0.2.1/30 dev eth1, ip addr add 203.0.113.1/24 dev lo, sh /bird.sh]
            f:
              kind: linux
              binds: ["packages:/packages:ro", "frr:/etc/frr", "frr.sh:/frr.sh"]
              exec: [ip addr add 192.0.2.2/30 dev eth1, ip addr add 198.51.100.1/24 dev lo, sh /frr.sh]
          links: [{ endpoints: ["b:eth1", "f:eth1"] }]

        """,
        "bird.conf": """
        router id 192.0.2.1;
        protocol device {}
        protocol direct { ipv4; interface "lo"; }
        protocol kernel { ipv4 { export where source = RTS_BGP; }; }
        protocol bgp neighbour {
          local 192.0.2.1 as 65001;
          neighbor 192.0.2.2 as 65002;
          connect delay time 1; connect retry time 1; error wait time 1, 2;
          ipv4 { import all; export where source = RTS_DEVICE; };
        }

        """,
        "bird.sh": """
        set -e
        for package in /packages/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C /; done
        ldconfig
        mkdir -p /run/bird
        bird -c /etc/bird/bird.conf

        """,
        "frr/zebra.conf": "",
        "frr/bgpd.conf": """
        router bgp 65002
         bgp router-id 192.0.2.2
         no bgp ebgp-requires-policy
         neighbor 192.0.2.1 remote-as 65001
         neighbor 192.0.2.1 timers connect 1
         address-family ipv4 unicast
          network 198.51.100.0/24

        """,
        // As the package's own script does.
        "frr.sh": """
        set -e
        for package in /packages/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C /; done
        ldconfig
        grep -q ^frrvty: /etc/group || printf 'frr:x:901:\\nfrrvty:x:902:frr\\n' >>/etc/group
        grep -q ^frr: /etc/passwd || echo frr:x:901:901::/nonexistent:/bin/false >>/etc/passwd
        mkdir -p /run/frr
        chown frr:frr /run/frr
        /usr/lib/frr/zebra -d -f /etc/frr/zebra.conf
        /usr/lib/frr/bgpd -d -f /etc/frr/bgpd.conf

        """,
    ]

    @Test("BIRD and FRR, started by exec lines with configurations that are bound, peer, and their routes carry")
    func peering() throws {
        let tool = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "tools/daemons").path
        let packages = try Witness.output([tool]).trimmingCharacters(in: .whitespacesAndNewlines)
        try LabFolders.with(Self.files) { folder in
            try Witness.output([
                "cp", "-r", try #require(packages.split(separator: "\n").last.map(String.init)), "\(folder)/packages",
            ])
            try Program.with { nslab in
                let up = try nslab.run("up", folder, "--name", nslab.lab, "--no-api")
                #expect(up.status == 0 && !up.output.contains("failed"), "\(up.output)")
                func routes(_ host: String, _ via: String) throws -> [String] {
                    try Witness.ip("-4 route show via \(via)", in: nslab.pin(host)).split(separator: "\n")
                        .compactMap { $0.split(separator: " ").first.map(String.init) }
                }
                try eventually("the routers peer") {
                    try routes("b", "192.0.2.2") == ["198.51.100.0/24"]
                        && routes("f", "192.0.2.1") == ["203.0.113.0/24"]
                }
                let ping = ["ping", "-c", "1", "-W", "5", "-I", "203.0.113.1", "198.51.100.1"]
                #expect(try Witness.run(ping, in: nslab.pin("b")).status == 0)
                // What they learn is no addition.
                let verification = try nslab.run("verify", "--strict", nslab.lab)
                #expect(verification.status == 0, "\(verification.output)")
                // Nothing of it is on the machine.
                #expect(try Witness.run(["grep", "-c", "^frrvty:", "/etc/group"]).output == "0\n")
                #expect(try Witness.run(["ls", "-A", "\(folder)/frr"]).output == "bgpd.conf\nzebra.conf\n")
                #expect(try nslab.run("down", nslab.lab).status == 0)
                let state = try HostState(lab: nslab.lab)
                #expect(state.mounts.isEmpty && state.files.isEmpty && state.namespaces.isEmpty)
            }
        }
    }
}
