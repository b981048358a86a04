import Blueprint
import CLinux
import Glibc
import NetworkNamespaces
import NetworkObjects
import Nftables
import Rtnetlink

/// What `nslab up` looks at before it makes anything: questions that make nothing in the kernel and take microseconds, in the
/// place of the doctor's trials.
public enum Preflight {
    /// Finds what a lab cannot be built without and this machine has not.
    ///
    /// Rules that only some kernels lack are found out when they are installed: trying them would take longer than the whole
    /// of a small lab.
    ///
    /// - Parameters:
    ///   - inside: a namespace that is thrown away.
    ///   - socket: opened there.
    /// - Returns: what is missing, what follows and what to do, as `nslab doctor` says it; nil if nothing is known to be
    ///   missing.
    public static func lack(
        of requirements: Requirements, _ limits: Limits, _ socket: inout RouteSocket,
        in inside: borrowing InsideNamespace
    ) throws -> String? {
        // First: with too little of everything, the kernel seems to lack what it has.
        if let finding = limits.results(requirements).first(where: { $0.state == .failed }) { return finding.sentence }
        for feature in KernelFeature.allCases where requirements.features.contains(feature) {
            let isThere =
                switch feature {
                case .veth: try socket.supports(linkKind: "veth")
                case .bridge: try socket.supports(linkKind: "bridge")
                case .vlanLinks: try socket.supports(linkKind: "vlan")
                case .vxlanIPv4, .vxlanIPv6: try socket.supports(linkKind: "vxlan")
                case .ipip: try socket.supports(linkKind: "ipip")
                case .ipv6: access("/proc/sys/net/ipv6/conf", F_OK) == 0
                // Asking loads the module.
                case .nftables: try Nftables.generation(in: inside) != nil
                default: true
                }
            if !isThere { return feature.lack }
        }
        return nil
    }
}

extension MachineDiagnosis {
    /// The first of these features that a trial finds missing, as the doctor says it. For when the kernel has refused
    /// something, and the question is why.
    public static func lack(among features: Set<KernelFeature>) throws -> String? {
        try NamespaceThread.run { thread in
            try thread.enterNew { inside in
                var trial = try FeatureTrial(in: inside)
                return KernelFeature.allCases.first { feature in
                    features.contains(feature) && (try? trial.refusal(of: feature, in: inside)) != nil
                }?.lack
            }
        }
    }
}
