import Glibc

extension Witness {
    /// Waits until the kernel has noticed that the veths, bridges and VLAN links of a namespace have a carrier: each that is up
    /// can send, and of veths has its link-local address. A kernel thread does that behind the request that set the link up, under a lock that other tests
    /// hold for long at times. Until then what is sent is dropped.
    ///
    /// - Throws: `NoCarrier` after ten seconds.
    public static func waitForCarriers(in pin: String? = nil) throws {
        for _ in 0..<1000 {
            let waiting = try json("ip -d -j address", in: pin).filter { link in
                let kind = (link["linkinfo"] as? [String: Any])?["info_kind"] as? String ?? ""
                let flags = link["flags"] as? [String] ?? []
                guard flags.contains("UP") else { return false }
                // A bridge has a carrier once one of its ports can send.
                if kind == "bridge" || kind == "vlan" { return link["operstate"] as? String != "UP" }
                guard kind == "veth" else { return false }
                let addresses = link["addr_info"] as? [[String: Any]] ?? []
                return link["operstate"] as? String != "UP" || !addresses.contains { $0["scope"] as? String == "link" }
            }
            if waiting.isEmpty { return }
            usleep(10_000)
        }
        throw NoCarrier()
    }

    /// A veth that is up got no carrier.
    public struct NoCarrier: Error {}
}
