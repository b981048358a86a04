/// What is said of nodes that are something else here than they are with containerlab: once for each kind, and for each image.
struct ForeignNodes {
    private var told: Set<String> = []

    /// Programs of networks that images of Linux nodes are made to start, by words of the images' names.
    private static let programs: Set<String> = [
        "frr", "frrouting", "bird", "bird2", "gobgp", "exabgp", "openbgpd", "quagga", "holo", "vyos", "keepalived",
        "haproxy",
        "openvswitch", "ovs", "vpp", "strongswan", "wireguard", "dnsmasq", "kea", "unbound", "bind9", "coredns",
        "nginx",
    ]

    /// Tells of a node that becomes a plain Linux host.
    mutating func tell(of node: ContainerlabTopology.Node, _ diagnostics: inout Diagnostics) {
        if node.kind != "linux" {
            guard told.insert(node.kind).inserted else { return }
            diagnostics.warn(
                at: node.place,
                "nodes of kind \(node.kind) are plain Linux hosts here: their links and exec lines are taken, their "
                    + "configuration is not")
        } else if let image = node.image, Self.startsProgram(image), told.insert(image).inserted {
            diagnostics.warn(
                at: node.place,
                "nodes of image \(image) are plain Linux hosts here: what the image would start is not run; exec lines may "
                    + "start what the machine has")
        }
    }

    /// Whether an image is known for a program, by the words of its name without registry and tag:
    /// `quay.io/frrouting/frr:10.5.1`.
    private static func startsProgram(_ image: String) -> Bool {
        let repository = image.prefix { $0 != "@" }.split(separator: "/").suffix(2)
        return repository.contains { part in
            let bare = part.prefix { $0 != ":" }
            return bare.split { "-_.".contains($0) }.contains { programs.contains($0.lowercased()) }
        }
    }
}
