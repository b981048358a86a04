import KernelTestSupport
import NSLabKit
import Testing

/// An experiment as a script: what `nslab diff` prints does it again, and with `--undo` undoes it.
@Suite("What changed, as commands", .needsRoot, .timeLimit(.minutes(20)))
struct DiffTests {
    private static let experiment = [
        "sysctl -qw net.ipv4.tcp_ecn=0", "sysctl -qw net.ipv6.conf.eth1.hop_limit=9", "ip link set eth1 txqueuelen 7",
        "ip link set eth1 promisc on", "ip link set eth1 alias probe", "ip link property add dev eth1 altname uplink0",
        "ip link set vxlan.calico type vxlan ageing 77", "ip addr add 10.55.0.1/24 dev eth1",
        "ip route add 9.9.9.0/24 via 10.10.10.1 metric 7", "ip -6 route add fd09::/32 via fd00:10:10::1",
        "ip route del 1.1.1.1/32", "ip rule add pref 50 fwmark 0x1 lookup 100",
        "ip neigh add 10.10.10.60 lladdr 02:00:00:00:00:60 nud permanent dev eth1",
        "ip neigh add proxy 10.10.10.50 dev eth1", "ip addrlabel add prefix 2001:db8::/32 label 99",
        "bridge fdb add 02:00:00:00:00:77 dev eth1 self", "ip nexthop add id 5 via 10.10.10.1 dev eth1",
        "nft add table inet mine", "nft add chain inet mine input",
    ]

    @Test("the commands do on a fresh lab what was done, and those that undo leave none of it")
    func script() throws {
        try TestLab.with("dual-stack") { lab in
            let node = lab.pin("dual-stack-worker")
            for command in Self.experiment { try Witness.output(["sh", "-c", command], in: node) }
            let found = try lab.differences(strict: true)
            #expect(found.count >= Self.experiment.count - 1, "\(found)")
            let (doing, undoing) = (try Lab.running(lab.name).diff(), try Lab.running(lab.name).diff(undoing: true))
            #expect(doing.changes.allSatisfy { $0.netns == node && !$0.commands.isEmpty })
            #expect(!doing.script.contains("# "), "\(doing.script)")

            try Witness.output(["sh", "-ec", undoing.script])
            let left = try lab.differences(strict: true)
            #expect(left.isEmpty, "\(left.joined(separator: "\n"))\n\(undoing.script)")

            try Witness.output(["sh", "-ec", doing.script])
            #expect(try Set(lab.differences(strict: true)) == Set(found), "\(doing.script)")
            _ = try Lab.running(lab.name).reset()
            #expect(try Lab.running(lab.name).diff().changes.isEmpty)
        }
    }
}
