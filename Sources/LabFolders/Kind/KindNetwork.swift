import Addresses
import Topology

/// The Docker network that kind puts its nodes on: `kind`, with Docker's first free range and kind's own IPv6 one
/// (`generateULASubnetFromName` in kind's pkg/cluster/internal/providers/docker/network.go).
enum KindNetwork {
    /// Its name, and the name of its namespace.
    static let name = "kind"
    /// The ranges, IPv4 first.
    static let subnets = [Prefix(.v4(IPv4Address(0xac12_0000)), length: 16), ulaSubnet]

    /// `fc00:f853:ccd:e793::/64`, what kind works out of the network's name.
    private static let ulaSubnet = Prefix(.v6(IPv6Address(0xfc00_f853_0ccd_e793 << 64)), length: 64)

    /// The gateway's addresses.
    static var gateways: [InterfaceAddress] { addresses(at: 1) }

    /// The addresses with this number, counted from the start of each range.
    static func addresses(at number: Int) -> [InterfaceAddress] {
        subnets.compactMap { subnet in
            subnet.address(at: UInt128(number)).map { InterfaceAddress($0, prefixLength: subnet.length) }
        }
    }
}
