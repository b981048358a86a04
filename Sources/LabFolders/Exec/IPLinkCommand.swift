import Addresses

extension NetworkCommand {
    /// `ip link …` (`do_iplink` and `iplink_parse` in ip/iplink.c).
    static func link(_ arguments: inout Arguments) throws(CommandRefusal) -> NetworkCommand {
        guard let word = arguments.next() else { return .nothing }
        let verbs = [
            "add", "set", "change", "replace", "delete", "show", "lst", "list", "xstats", "afstats", "property", "help",
        ]
        switch keyword(word, among: verbs) {
        case "add", "replace": return .link(.add(try newLink(&arguments)))
        case "set", "change": return .link(try linkSet(&arguments))
        case "delete":
            guard var name = arguments.next() else { throw .wrong("the interface is missing") }
            if name == "dev" { name = try arguments.value(of: name) }
            return .link(.delete(name))
        case "property": throw .other("\"ip link property\" is not part of a topology")
        case nil: throw .wrong("\"ip link\" knows no \"\(word)\"")
        default: return .nothing
        }
    }

    private static func linkSet(_ arguments: inout Arguments) throws(CommandRefusal) -> LinkChange {
        var device: String?
        var attributes = LinkAttributes()
        while let word = arguments.next() {
            if try attribute(word, &arguments, &attributes) { continue }
            switch word {
            case "dev": device = try arguments.value(of: word)
            case "nomaster": attributes.master = .some(nil)
            case _ where matches(word, "master"): attributes.master = .some(try arguments.value(of: word))
            case _ where ignoredWithValue.contains { matches(word, $0) } && word.count > 2:
                _ = try arguments.value(of: word)
            case _ where others.contains(word): throw .other("\"\(word)\" of an interface is not part of a topology")
            default:
                if device != nil { throw .other("\"\(word)\" of an interface is not part of a topology") }
                device = word
            }
        }
        guard let device else { throw .wrong("the interface is missing") }
        return .set(device: device, attributes)
    }

    private static func newLink(_ arguments: inout Arguments) throws(CommandRefusal) -> NewLink {
        var name: String?
        var parent: String?
        var attributes = LinkAttributes()
        while let word = arguments.next() {
            if word == "type" || word.count > 1 && matches(word, "type") {
                let type = try arguments.value(of: word)
                let kind = try kind(type, parent, &arguments)
                guard let name else { throw .wrong("the interface's name is missing") }
                return NewLink(name: name, kind: kind, attributes: attributes)
            }
            if try attribute(word, &arguments, &attributes) { continue }
            switch word {
            case "dev", "name": name = try arguments.value(of: word)
            case _ where matches(word, "name"): name = try arguments.value(of: word)
            case _ where matches(word, "link"): parent = try arguments.value(of: word)
            case _ where matches(word, "master") && word.count > 2:
                attributes.master = .some(try arguments.value(of: word))
            case _ where ignoredWithValue.contains { matches(word, $0) } && word.count > 2:
                _ = try arguments.value(of: word)
            case _ where others.contains(word): throw .other("\"\(word)\" of an interface is not part of a topology")
            default:
                if name != nil { throw .wrong("either \"dev\" is given twice, or \"\(word)\" is not known") }
                name = word
            }
        }
        throw .wrong("\"type\" and the kind of interface are missing")
    }

    /// Takes a word that `add` and `set` share; false if it is none.
    private static func attribute(
        _ word: String, _ arguments: inout Arguments, _ attributes: inout LinkAttributes
    ) throws(CommandRefusal) -> Bool {
        switch word {
        case "up": attributes.isUp = true
        case "down": attributes.isUp = false
        case "mtu": attributes.mtu = try arguments.number(of: word)
        case _ where matches(word, "address") && word.count > 2:
            let text = try arguments.value(of: word)
            guard let address = MACAddress(text) else { throw .wrong("\"\(text)\" is not a MAC address") }
            attributes.hardwareAddress = address
        default: return false
        }
        return true
    }

    private static func kind(
        _ type: String, _ parent: String?, _ arguments: inout Arguments
    ) throws(CommandRefusal) -> NewLink.Kind {
        switch type {
        case "vlan":
            guard let parent else { throw .wrong("a VLAN interface needs \"link\" and the interface below it") }
            var id: UInt16?
            while let word = arguments.next() {
                if matches(word, "id") {
                    id = try arguments.number(of: word)
                } else if matches(word, "protocol") {
                    let name = try arguments.value(of: word).lowercased()
                    if name != "802.1q" { throw .other("VLANs of protocol \(name) are not part of a topology") }
                } else {
                    throw .other("\"\(word)\" of a VLAN is not part of a topology")
                }
            }
            guard let id, (1...4094).contains(id) else {
                throw .wrong("a VLAN needs \"id\" and a number from 1 to 4094")
            }
            return .vlan(parent: parent, id: id)
        case "bridge":
            while let word = arguments.next() {
                let value = try arguments.value(of: word)
                // Without a spanning tree and without VLANs is how a topology's bridges are.
                guard ["stp_state", "vlan_filtering"].contains(word), value == "0" else {
                    throw .other("\"\(word) \(value)\" of a bridge is not part of a topology")
                }
            }
            return .bridge
        case "dummy":
            if let word = arguments.next() { throw .wrong("\"\(word)\" is not known for a dummy interface") }
            return .dummy
        default: throw .other("an interface of type \(type) is not part of a topology")
        }
    }

    /// What an interface can have that makes no difference to a lab's packets.
    private static let ignoredWithValue = [
        "txqueuelen", "txqlen", "qlen", "multicast", "allmulticast", "promisc", "trailers", "alias", "group",
        "numtxqueues", "numrxqueues", "gso_max_size", "gso_max_segs", "gro_max_size", "arp", "dynamic", "mode",
        "index", "broadcast", "brd", "addrgenmode",
    ]

    private static let others: Set<String> = [
        "netns", "vf", "vrf", "xdp", "xdpgeneric", "xdpdrv", "link-netns", "link-netnsid", "protodown", "name", "type",
        "state", "carrier", "nomaster", "port", "addr", "xdpoffload",
    ]
}
