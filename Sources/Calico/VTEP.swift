import Addresses

/// A node's VXLAN tunnel endpoint.
public enum VTEP {
    /// The MAC address of a node's tunnel endpoint: `66:` and the first five bytes of the SHA-1 of the node's name, with
    /// `-v6` after it for IPv6 (`vtepMACForHost` in felix/calc/vxlan_resolver.go).
    public static func mac(of node: String, _ family: AddressFamily) -> MACAddress {
        let digest = SHA1.digest((family == .ipv4 ? node : node + "-v6").utf8)
        return MACAddress(digest[..<5].reduce(0x66) { $0 << 8 | UInt64($1) })
    }

    /// The name of a family's VXLAN device, the same on every node.
    public static func device(_ family: AddressFamily) -> InterfaceName {
        family == .ipv4 ? "vxlan.calico" : "vxlan-v6.calico"
    }
}
