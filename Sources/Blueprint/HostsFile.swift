import Addresses
import Topology

/// A host's `/etc/hosts` (hosts(5)): what it calls itself, and its own names in the DNS' place.
public struct HostsFile: Hashable, Sendable {
    /// The file.
    public let text: String

    /// The file as kubelet writes it for a pod (`managedHostsFileContent`, pkg/kubelet/kubelet_pods.go), and as Docker does for
    /// everything else.
    ///
    /// - Parameter aliases: what a pod's specification adds (`hostsEntriesFromHostAliases`).
    init(hostname: String, domain: String?, addresses: [IPAddress], isPod: Bool, aliases: [Workload.HostAlias] = []) {
        let head =
            isPod
            ? """
            # Kubernetes-managed hosts file.
            127.0.0.1\tlocalhost
            ::1\tlocalhost ip6-localhost ip6-loopback
            fe00::0\tip6-localnet
            fe00::0\tip6-mcastprefix
            fe00::1\tip6-allnodes
            fe00::2\tip6-allrouters
            """
            : """
            127.0.0.1\tlocalhost
            ::1\tlocalhost ip6-localhost ip6-loopback
            fe00::\tip6-localnet
            ff00::\tip6-mcastprefix
            ff02::1\tip6-allnodes
            ff02::2\tip6-allrouters
            """
        let names = domain.map { "\(hostname).\($0)\t\(hostname)" } ?? hostname
        // One without an address has its name all the same (hostname(1) in Debian's policy: 127.0.1.1).
        let own = addresses.isEmpty ? ["127.0.1.1"] : addresses.map(\.description)
        var lines = [head] + own.map { "\($0)\t\(names)" }
        if !aliases.isEmpty {
            lines += ["", "# Entries added by HostAliases."]
            lines += aliases.map { "\($0.address)\t\($0.names.joined(separator: "\t"))" }
        }
        text = lines.map { $0 + "\n" }.joined()
    }
}

extension Blueprint.Namespace {
    /// What its processes see as `/etc/hosts`.
    public var hosts: HostsFile {
        HostsFile(
            hostname: hostname, domain: domain, addresses: addresses, isPod: kind == .pod, aliases: hostAliases)
    }

    /// What the processes of a pod see as `/etc/hosts` that lives in this namespace.
    public func hosts(of pod: Blueprint.HostPod) -> HostsFile {
        HostsFile(
            hostname: hostname, domain: domain, addresses: addresses, isPod: false, aliases: pod.hostAliases)
    }
}
