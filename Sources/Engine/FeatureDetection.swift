import Blueprint
import Glibc
import NetworkNamespaces
import Rtnetlink
import Topology

extension KernelFeatures {
    /// Finds out what this kernel can do by asking it for what it must refuse, in a namespace that is thrown away. The kernel
    /// loads its modules as it would for the lab itself.
    public static func detect() throws -> KernelFeatures {
        try NetworkNamespace.unshareThread()
        var socket = try RouteSocket()
        let bridges = try socket.supports(linkKind: "bridge")
        return KernelFeatures(
            bridgeVLANFiltering: try bridges && socket.filtersBridgeVLANs(),
            vlanLinks: try socket.supports(linkKind: "vlan"))
    }
}

extension KernelFeatures {
    /// Finds out what this kernel can do, as far as a topology depends on it.
    static func detect(for topology: Topology) throws -> KernelFeatures {
        var features = try detect()
        if topology.cluster.pools.contains(where: { $0.encapsulation == .ipip || $0.encapsulation == .ipipCrossSubnet })
        {
            features.ipip = hasModule("ipip")
        }
        return features
    }

    /// Whether the kernel has a module, loaded or not. The kernel itself is not asked: it would load the module, and a
    /// tunnel's makes a device in every network namespace, the host's among them.
    private static func hasModule(_ name: String) -> Bool {
        if access("/sys/module/\(name)", F_OK) == 0 { return true }
        var system = utsname()
        guard uname(&system) == 0 else { return false }
        let release = withUnsafeBytes(of: &system.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return ["modules.dep", "modules.builtin"].contains { file in
            let path = "/lib/modules/\(release)/\(file)"
            let bytes = try? FileDescriptor(opening: path, O_RDONLY).readAll(path, limit: 16 << 20)
            return bytes.map { String(decoding: $0, as: UTF8.self).contains("/\(name).ko") } ?? false
        }
    }
}
