import Foundation
import KernelTestSupport
import Testing

/// Machines that are not as most are, each made in mount and network namespaces of its own.
@Suite("labs on unusual machines", .needsRoot, .timeLimit(.minutes(20)))
struct HostTests {
    /// Runs a script as root of a machine that has nothing in `/run` and network namespaces of its own, with the program as
    /// `$NSLAB` and `$LAB` for a lab. A lab that is left is taken down.
    ///
    /// - Parameter machine: makes the machine what it is.
    private func run(_ machine: String, _ script: String) throws -> Witness.Testimony {
        let lab = "nslabtest-host-\(UUID().uuidString.prefix(8).lowercased())"
        let whole = """
            mount -t tmpfs none /run
            export NSLAB='\(BuiltProgram.path)' LAB=\(lab)
            up() { "$@" "$NSLAB" up ipv4-only --name "$LAB" -q 2>&1; }
            pod() { ls /run/netns | sed -n "s/^$LAB-\\(web-.*\\)/\\1/p" | head -n 1; }
            trap '"$NSLAB" down "$LAB" >/dev/null 2>&1' EXIT
            \(machine)
            \(script)
            """
        return try Witness.run(["unshare", "-n", "-m", "--propagation", "private", "sh", "-ec", whole])
    }

    /// An `/etc` that may be changed: what else is in the host's is of no matter.
    private static let ownEtc = "mount -t tmpfs none /etc; echo nameserver 192.0.2.1 > /etc/resolv.conf"

    @Test("a lab is built where no program may gain privileges, and pods answer as nobody")
    func noNewPrivileges() throws {
        let testimony = try run(
            "ip link set lo up",
            """
            up setpriv --no-new-privs
            for pid in $(pgrep -f "nslab responders $LAB"); do grep -E '^(Uid|CapEff)' /proc/$pid/status; done
            """)
        #expect(testimony.status == 0, "\(testimony.output)")
        #expect(testimony.output.contains("Uid:\t65534\t65534\t65534\t65534\nCapEff:\t0000000000000000"))
    }

    @Test("a lab is built without the right to become another user, and the process keeps no capability")
    func noSetUID() throws {
        let testimony = try run(
            "",
            """
            up setpriv --bounding-set=-setuid,-setgid
            for pid in $(pgrep -f "nslab responders $LAB"); do grep -E '^(CapEff|NoNewPrivs|Seccomp:)' /proc/$pid/status; done
            """)
        #expect(testimony.status == 0, "\(testimony.output)")
        #expect(testimony.output.contains("CapEff:\t0000000000000000\nNoNewPrivs:\t1"))
    }

    @Test(
        "a lab is built, and verified, whatever there is in the place of /etc/netns; the warning says what does not work",
        arguments: [
            ("ln -s /nowhere /etc/netns", "/etc/netns: No such file or directory"),
            (": > /etc/netns", "/etc/netns"),
            ("mount -o remount,ro /etc", "/etc: Read-only file system"),
        ])
    func etc(machine: String, warning: String) throws {
        let testimony = try run(
            "\(Self.ownEtc); \(machine)",
            """
            timeout -k 5 60 "$NSLAB" up ipv4-only --name "$LAB" -q 2>&1
            "$NSLAB" verify "$LAB"
            "$NSLAB" up ipv4-only --name "$LAB" -q 2>&1
            "$NSLAB" exec --lab "$LAB" "$(pod)" -- cat /etc/resolv.conf
            """)
        #expect(testimony.status == 0, "\(testimony.output)")
        #expect(testimony.output.contains(warning), "\(testimony.output)")
        #expect(testimony.output.contains("`ip netns exec`"))
        #expect(testimony.output.contains("search default.svc.cluster.local"), "\(testimony.output)")
    }

    @Test("an /etc/netns that the administrator made stays when the last lab goes, and one that nslab made does not")
    func ownFolder() throws {
        for (machine, remains) in [("mkdir /etc/netns", ["netns"]), ("", [])] as [(String, [Substring])] {
            let testimony = try run(
                "\(Self.ownEtc); \(machine)",
                """
                up
                "$NSLAB" down "$LAB" -q >/dev/null 2>&1
                ls -A /etc | grep netns || true
                ls -A /run | grep -E 'nslab|netns' || true
                """)
            #expect(testimony.status == 0, "\(testimony.output)")
            // What `up` has printed comes first.
            let rest = testimony.output.split(separator: "\n").filter { !$0.contains(" ") }
            #expect(rest == remains, "\(testimony.output)")
        }
    }

    @Test("a command has a resolv.conf of its own where the machine has none")
    func noResolverFile() throws {
        let testimony = try run(
            "mount -t tmpfs none /etc; ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf",
            """
            up
            "$NSLAB" exec --lab "$LAB" "$(pod)" -- cat /etc/resolv.conf 2>&1
            """)
        #expect(testimony.status == 0, "\(testimony.output)")
        #expect(testimony.output.contains("search default.svc.cluster.local"), "\(testimony.output)")
    }

    @Test(
        "a lab is built where lo is down, and where the host has no IPv6",
        arguments: [
            "ip link set lo down", "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1",
        ])
    func loopback(machine: String) throws {
        let testimony = try run(
            machine,
            """
            "$NSLAB" up --name "$LAB" -q 2>&1
            "$NSLAB" verify "$LAB"
            """)
        #expect(testimony.status == 0, "\(testimony.output)")
    }
}
