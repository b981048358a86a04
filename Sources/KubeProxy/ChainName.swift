import Addresses

/// The names that kube-proxy gives the chains and sets of service ports and endpoints: a hash, so that names that differ in
/// little look different, and what they are for.
///
/// As in Kubernetes' pkg/proxy/nftables/proxier.go: `servicePortChainNameBase`, `servicePortEndpointChainNameBase` and
/// `hashAndTruncate`.
enum ChainName {
    /// The longest name without its prefix: nf_tables' 256 less the longest prefix (`chainNameBaseLengthMax`).
    static let longest = 240

    /// What chains of a service's port are called by: `ULMVA6XW-ns1/svc1/tcp/p80`.
    ///
    /// - Parameter port: the port's name; empty where it has none.
    static func servicePort(_ namespace: String, _ service: String, _ transport: Transport, _ port: String) -> String {
        hashed("\(namespace)/\(service)/\(transport)/\(port)")
    }

    /// What the chains of the endpoints of a service's port are called by, by address and port:
    /// `5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80`. A name in nf_tables has no colons.
    static func endpoints(
        _ namespace: String, _ service: String, _ transport: Transport, _ port: String
    ) -> (_ host: String, _ number: UInt16) -> String {
        let start = "\(namespace)/\(service)/\(transport)/\(port)__"
        return { host, number in
            let host = host.utf8.contains(UInt8(ascii: ":")) ? String(host.map { $0 == ":" ? "." : $0 }) : host
            return hashed("\(start)\(host)/\(number)")
        }
    }

    private static func hashed(_ name: String) -> String {
        let whole = base32(SHA256.digest(name.utf8).prefix(5)) + "-" + name
        return whole.utf8.count > longest ? String(whole.prefix(longest - 3)) + "..." : whole
    }

    /// Base 32 (RFC 4648, section 6) of a multiple of five bytes.
    private static func base32(_ bytes: some Sequence<UInt8>) -> String {
        var (bits, count): (UInt32, UInt32) = (0, 0)
        var letters: [UInt8] = []
        for byte in bytes {
            (bits, count) = (bits << 8 | UInt32(byte), count + 8)
            while count >= 5 {
                count -= 5
                letters.append(alphabet[Int(bits >> count & 31)])
            }
        }
        return String(decoding: letters, as: UTF8.self)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
}
