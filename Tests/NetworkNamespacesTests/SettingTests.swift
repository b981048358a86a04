import Glibc
import KernelTestSupport
import NetworkNamespaces
import System
import Testing

@Suite("Kernel settings", .needsRoot, .timeLimit(.minutes(20)))
struct SettingTests {
    @Test("a setting is written and read in the thread's namespace alone, and sysctl agrees")
    func written() async throws {
        try await inNamespace { inside in
            // A new namespace may have the host's choice (devconf_inherit_init_net in sysctl/net.rst).
            let before = try inside.sysctl("ipv4/ip_forward")
            let flipped = before == "0" ? "1" : "0"
            try inside.setSysctl("ipv4/ip_forward", to: flipped)
            try inside.setSysctl("ipv4/conf/lo/rp_filter", to: "2")
            #expect(try inside.sysctl("ipv4/ip_forward") == flipped)
            #expect(try Witness.output(["sysctl", "-n", "net.ipv4.ip_forward"]) == "\(flipped)\n")
            #expect(try Witness.output(["sysctl", "-n", "net.ipv4.conf.lo.rp_filter"]) == "2\n")
            let other = try NetworkNamespace.another()
            let elsewhere = try other.inside { _ in try Witness.output(["sysctl", "-n", "net.ipv4.ip_forward"]) }
            #expect(elsewhere == "\(before)\n")
        }
    }

    @Test("settings are those of the namespace that the thread is in, also of a thread that has been in many")
    func many() throws {
        let one = try NetworkNamespace.another()
        let other = try NetworkNamespace.another()
        try NamespaceThread.visiting { thread in
            for round in 1...100 {
                try thread.enter(one) { try $0.setSysctl("ipv4/ip_default_ttl", to: "\(round)") }
                try thread.enter(other) { try $0.setSysctl("ipv4/ip_default_ttl", to: "\(round + 100)") }
                #expect(try thread.enter(one) { try $0.sysctl("ipv4/ip_default_ttl") } == "\(round)")
                #expect(try thread.enter(other) { try $0.sysctl("ipv4/ip_default_ttl") } == "\(round + 100)")
            }
        }
        let seen = try one.inside { _ in try Witness.output(["sysctl", "-n", "net.ipv4.ip_default_ttl"]) }
        #expect(seen == "100\n")
    }

    @Test("a refused write names the setting, the call and the kernel's words")
    func refused() async throws {
        try await inNamespace { inside in
            for (path, value, call, code) in [
                ("ipv4/no_such_setting", "1", "open", ENOENT),
                ("ipv4/conf/eth7/forwarding", "1", "open", ENOENT),
                ("ipv4/ip_forward", "not a number", "write", EINVAL),
                ("ipv4/ip_default_ttl", "0", "write", EINVAL),
                // Of mode 0444, which holds for root too.
                ("ipv4/tcp_available_congestion_control", "reno", "open", EACCES),
            ] {
                let error = #expect(throws: SystemCallError.self) { try inside.setSysctl(path, to: value) }
                #expect(error == SystemCallError(call, "/proc/sys/net/\(path)", errno: code))
            }
            let sentence = "/proc/sys/net/ipv4/no_such_setting: No such file or directory (open)"
            let error = #expect(throws: SystemCallError.self) { _ = try inside.sysctl("ipv4/no_such_setting") }
            #expect(error?.description == sentence)
            #expect(error?.isNoSuchFile == true)
        }
    }
}
