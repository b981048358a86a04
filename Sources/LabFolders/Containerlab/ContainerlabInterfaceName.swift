/// What an interface of a containerlab node is called in the kernel: kinds take the names that their vendors use, too, and containerlab
/// makes each the name that the container expects (`InterfaceRegexp` and `InterfaceOffset` of the packages below containerlab's nodes).
enum ContainerlabInterfaceName {
    /// How one family of kinds counts its ports.
    private struct Naming {
        /// Words that a name may begin with; empty for a name without one.
        var words: [String]
        /// What stands between the word and the port's number.
        var path: String
        /// What the port's number becomes the kernel's by.
        var shift: Int
    }

    /// The name in the kernel; nil for one that the kind does not have of its own, which is taken as it stands.
    ///
    /// - Parameter kind: the node's kind, in containerlab's main spelling.
    static func kernelName(_ name: String, of kind: String) -> String? {
        switch kind {
        case "nokia_srlinux": serviceRouterLinux(name)
        case "nokia_srsim": serviceRouterSimulator(name)
        case "nokia_sros": serviceRouter(name)
        case "cisco_iol": iosOnLinux(name)
        default: namings[kind].flatMap { ethernet(name, $0) }
        }
    }

    /// What a name of the kind would look like; nil for a kind without names of its own.
    static func example(of kind: String) -> String? {
        switch kind {
        case "nokia_srlinux": return "ethernet-1/1"
        case "nokia_srsim", "nokia_sros": return "1/1/1"
        case "cisco_iol": return "Ethernet0/1"
        default:
            return namings[kind].map { ($0.words.last ?? "") + $0.path + "\(max(1 - $0.shift, 0))" }
        }
    }

    private static let gigabit = ["Gi", "GigabitEthernet"]
    private static let tenGigabit = gigabit + ["Te", "TenGigE", "TenGigabitEthernet"]
    private static let junos = Naming(words: ["et", "xe", "ge"], path: "-0/0/", shift: 1)

    private static let namings: [String: Naming] = [
        "arista_veos": Naming(words: ["Et", "Ethernet"], path: "1/", shift: 0),
        "aruba_aoscx": Naming(words: [], path: "1/1/", shift: 0),
        "ciena_saos": Naming(words: [], path: "", shift: 0),
        "cisco_asav": Naming(words: gigabit, path: "0/", shift: 1),
        "cisco_c8000v": Naming(words: gigabit, path: "", shift: -1),
        "cisco_cat9kv": Naming(words: gigabit, path: "1/0/", shift: 0),
        "cisco_csr1000v": Naming(words: gigabit, path: "", shift: -1),
        "cisco_ftdv": Naming(words: gigabit, path: "0/", shift: 1),
        "cisco_n9kv": Naming(words: ["Et", "Ethernet"], path: "1/", shift: 0),
        "cisco_vios": Naming(words: gigabit, path: "", shift: 1),
        "cisco_xrd_vrouter": Naming(words: tenGigabit, path: "0/0/0/", shift: 1),
        "cisco_xrv": Naming(words: gigabit, path: "0/0/0/", shift: 1),
        "cisco_xrv9k": Naming(words: tenGigabit, path: "0/0/0/", shift: 1),
        "f5_bigip-ve": Naming(words: [], path: "1.", shift: 0),
        "fortinet_fortigate": Naming(words: ["port"], path: "", shift: -1),
        "freebsd": Naming(words: ["vtnet"], path: "", shift: 0),
        "juniper_cjunosevolved": Naming(words: ["et"], path: "-0/0/", shift: 4),
        "juniper_vjunosevolved": junos, "juniper_vjunosrouter": junos, "juniper_vjunosswitch": junos,
        "juniper_vmx": junos, "juniper_vqfx": junos, "juniper_vsrx": junos,
        "mikrotik_ros": Naming(words: ["ether"], path: "", shift: -1),
        "nvidia_cumulusvx": Naming(words: ["swp"], path: "", shift: 0),
        "openbsd": Naming(words: ["vio"], path: "", shift: 0),
        "paloalto_panos": Naming(words: ["Ethernet"], path: "1/", shift: 0),
        "spirent_stc": Naming(words: ["port"], path: "", shift: 0),
    ]

    private static func ethernet(_ name: String, _ naming: Naming) -> String? {
        var rest = name[...]
        if !naming.words.isEmpty {
            // The longest word first: `Gi` begins `GigabitEthernet`.
            let words = naming.words.sorted { $0.count > $1.count }
            guard let word = words.first(where: { name.hasPrefix($0) }) else { return nil }
            rest = rest.dropFirst(word.count)
            if rest.first == " " { rest = rest.dropFirst() }
        }
        guard rest.hasPrefix(naming.path), let port = number(rest.dropFirst(naming.path.count)),
            port + naming.shift >= 1
        else { return nil }
        return "eth\(port + naming.shift)"
    }

    /// `ethernet-1/2` as `e1-2`, `ethernet-1/2/3` as `e1-2-3`.
    private static func serviceRouterLinux(_ name: String) -> String? {
        guard name.hasPrefix("ethernet-"), let path = numbers(name.dropFirst(9)), (2...3).contains(path.count),
            !path.contains(0)
        else { return nil }
        return "e" + path.map(String.init).joined(separator: "-")
    }

    /// `1/2/3` as `e1-2-3`, `1/x2/3/c4/5` as `e1-x2-3-c4-5`: card, XIOM, MDA, connector and port.
    private static func serviceRouterSimulator(_ name: String) -> String? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard (3...5).contains(parts.count) else { return nil }
        for (index, part) in parts.enumerated() {
            let isMarked = index == 1 && part.hasPrefix("x") || index == parts.count - 2 && part.hasPrefix("c")
            guard let value = number(isMarked ? part.dropFirst() : part), value > 0 else { return nil }
        }
        let marks = parts.count { $0.hasPrefix("x") || $0.hasPrefix("c") }
        return parts.count - marks == 3 ? "e" + parts.joined(separator: "-") : nil
    }

    /// `1/1/2` as `eth2`, and `1/1/c2/1` likewise: of a router in one virtual machine the ports of its first card alone have names.
    private static func serviceRouter(_ name: String) -> String? {
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 4, parts[2].hasPrefix("c"), parts[3] == "1" {
            parts = [parts[0], parts[1], parts[2].dropFirst()]
        }
        guard parts.count == 3, parts[0] == "1", parts[1] == "1", let port = number(parts[2]), port > 0 else {
            return nil
        }
        return "eth\(port)"
    }

    /// `Ethernet1/2` and `e1/2` as `eth6`: slots have four ports each, and the first one is the management's.
    private static func iosOnLinux(_ name: String) -> String? {
        let rest = name.hasPrefix("Ethernet") ? name.dropFirst(8) : name.hasPrefix("e") ? name.dropFirst(1) : name[...]
        guard rest.count < name.count, let path = numbers(rest), path.count == 2, path[0] < 10, path[1] < 4,
            path != [0, 0]
        else { return nil }
        return "eth\(path[0] * 4 + path[1])"
    }

    private static func numbers(_ text: Substring) -> [Int]? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(number)
        return parts.contains(nil) ? nil : parts.compactMap(\.self)
    }

    private static func number(_ text: Substring) -> Int? {
        (1...5).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            ? Int(text) : nil
    }
}
