extension Witness {
    /// Waits until the kernel has noticed that the veths, bridges and VLAN links of a namespace have a carrier: each that is up
    /// can send, and of veths has its link-local address. A kernel thread does that behind the request that set the link up, under a lock that other tests
    /// hold for long at times. Until then what is sent is dropped.
    ///
    /// - Throws: `WaitedInVain` after a minute.
    public static func waitForCarriers(in pin: String? = nil) throws {
        try eventually("links of \(pin ?? "the namespace") have a carrier") {
            // Of a link without IPv6 there is none to wait for. Addresses are listed without that.
            let withoutIPv6 = Set(
                try json("ip -d -j link", in: pin).filter { $0["inet6_addr_gen_mode"] as? String == "none" }
                    .compactMap { $0["ifname"] as? String })
            return try json("ip -d -j address", in: pin).allSatisfy { link in
                let kind = (link["linkinfo"] as? [String: Any])?["info_kind"] as? String ?? ""
                let flags = link["flags"] as? [String] ?? []
                guard flags.contains("UP") else { return true }
                // A bridge has a carrier once one of its ports can send.
                if kind == "bridge" || kind == "vlan" { return link["operstate"] as? String == "UP" }
                guard kind == "veth" else { return true }
                let addresses = link["addr_info"] as? [[String: Any]] ?? []
                let hasAddress =
                    withoutIPv6.contains(link["ifname"] as? String ?? "")
                    || addresses.contains { $0["scope"] as? String == "link" }
                return link["operstate"] as? String == "UP" && hasAddress
            }
        }
    }
}
