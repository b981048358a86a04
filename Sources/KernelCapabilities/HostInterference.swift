import CLinux
import Glibc
import NetworkNamespaces
import NetworkObjects
import Rtnetlink

/// What else runs on the host, or is set there, and what of it reaches into a lab.
enum HostInterference {
    /// All that is worth knowing. The calling thread is in the host's own network namespace.
    static func results() -> [CheckResult] {
        [bridgeNetfilter(), neighbours(), inheritance(), ipv6Default()].compactMap { $0 } + [namespaceFolder()]
            + [moduleLoading(), lockdown(), securityModules(), controlGroups()].compactMap { $0 }
    }

    /// Docker loads br_netfilter. Then frames that a bridge forwards pass the rules of the bridge's namespace as packets do,
    /// in each new namespace too.
    private static func bridgeNetfilter() -> CheckResult? {
        guard let value = HostFile("/proc/sys/net/bridge/bridge-nf-call-iptables").text else {
            return CheckResult(.host, "br_netfilter", "not loaded")
        }
        return CheckResult(
            .host, "br_netfilter",
            "loaded (bridge-nf-call-iptables = \(value)): frames on a lab's bridges pass rules in the bridge's namespace, "
                + "where nslab has none")
    }

    /// Software that has rules and links of its own in the host's namespace. None of it sees a lab's packets.
    private static func neighbours() -> CheckResult? {
        let links: [ObservedLink]
        do {
            links = try InsideNamespace.current { inside in
                var socket = try RouteSocket(in: inside)
                return try socket.links()
            }
        } catch {
            return CheckResult(.host, "other networks", "cannot be looked for: \(error)")
        }
        let names = links.map { $0.link.name.description }
        var found: [String] = []
        if names.contains("docker0") || names.contains(where: { $0.hasPrefix("br-") && $0.count == 15 }) {
            found.append("Docker")
        }
        // The kernel itself makes a tunl0 for any lab with IPIP; it is down.
        if links.contains(where: { $0.link.name == "tunl0" && $0.link.isUp })
            || names.contains(where: { $0.hasPrefix("cali") || $0 == "vxlan.calico" })
        {
            found.append("Calico")
        }
        if names.contains(where: { $0.hasPrefix("virbr") }) { found.append("libvirt") }
        if names.contains("cni0") || names.contains("flannel.1") { found.append("flannel") }
        if access("/run/firewalld", F_OK) == 0 { found.append("firewalld") }
        return CheckResult(
            .host, "other networks",
            found.isEmpty
                ? "none seen"
                : found.joined(separator: ", ")
                    + "; rules and links of the host's own namespace, which no lab's packet passes")
    }

    /// Where a new namespace takes its settings from.
    private static func inheritance() -> CheckResult? {
        guard let value = HostFile("/proc/sys/net/core/devconf_inherit_init_net").text else { return nil }
        let meaning = [
            "0": "IPv4's from this namespace, IPv6's from the kernel's defaults", "1": "all from this namespace",
            "2": "all from the kernel's defaults", "3": "all from the namespace that makes them",
        ]
        return CheckResult(
            .host, "inherited settings",
            "\(meaning[value] ?? "as \(value) says") (devconf_inherit_init_net = \(value)); nslab sets all that a lab depends on"
        )
    }

    private static func ipv6Default() -> CheckResult? {
        guard HostFile("/proc/sys/net/ipv6/conf/all/disable_ipv6").text == "1" else { return nil }
        return CheckResult(
            .host, "IPv6 of the host", "switched off (disable_ipv6 = 1); nslab switches it on in its own namespaces")
    }

    private static func namespaceFolder() -> CheckResult {
        guard let mounts = HostFile("/proc/self/mountinfo").text else {
            return CheckResult(.host, "/run/netns", "/proc/self/mountinfo cannot be read")
        }
        // The last mount on a place is the one that is seen (proc_pid_mountinfo(5)).
        let own = mounts.split(separator: "\n").last { $0.split(separator: " ").dropFirst(4).first == "/run/netns" }
        guard let own else {
            return CheckResult(.host, "/run/netns", "no mount yet; nslab makes it, and takes it along in the end")
        }
        let optional = own.split(separator: " ").dropFirst(6).prefix { $0 != "-" }
        return CheckResult(
            .host, "/run/netns",
            optional.contains { $0.hasPrefix("shared:") }
                ? "a shared mount" : "a mount that is not shared; `nslab up` shares it, as ip netns would")
    }

    private static func moduleLoading() -> CheckResult? {
        guard HostFile("/proc/sys/kernel/modules_disabled").text == "1" else { return nil }
        return CheckResult(
            .host, "kernel modules", .warning, "no further ones can be loaded (kernel.modules_disabled = 1)",
            consequence: "what is missing above stays so",
            remedy: "restart the machine, and load them before this is set")
    }

    private static func lockdown() -> CheckResult? {
        guard let text = HostFile("/sys/kernel/security/lockdown").text, let start = text.firstIndex(of: "["),
            let end = text.firstIndex(of: "]"), start < end
        else { return nil }
        let mode = text[text.index(after: start)..<end]
        return CheckResult(
            .host, "lockdown", mode == "none" ? "none" : "\(mode); signed modules load as ever, and nslab needs no more"
        )
    }

    private static func securityModules() -> CheckResult? {
        guard let modules = HostFile("/sys/kernel/security/lsm").text else { return nil }
        let enforcing = HostFile("/sys/fs/selinux/enforce").text == "1" ? "; SELinux enforces" : ""
        return CheckResult(.host, "security modules", modules.split(separator: ",").joined(separator: ", ") + enforcing)
    }

    private static func controlGroups() -> CheckResult? {
        guard access("/sys/fs/cgroup", F_OK) == 0 else { return nil }
        let unified = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0
        return CheckResult(
            .host, "control groups", unified ? "version 2" : "version 1, or not mounted; a lab uses none")
    }
}
