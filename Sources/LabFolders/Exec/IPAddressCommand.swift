import Addresses

extension NetworkCommand {
    /// `ip address …` (`do_ipaddr` and `ipaddr_modify` in ip/ipaddress.c).
    static func address(
        _ arguments: inout Arguments, _ family: AddressFamily?
    ) throws(CommandRefusal) -> NetworkCommand {
        guard let word = arguments.next() else { return .nothing }
        let verbs = ["add", "change", "chg", "replace", "delete", "list", "show", "lst", "flush", "save", "showdump"]
        switch keyword(word, among: verbs) {
        case "add": return .address(try addressChange(.add(replacing: false), &arguments, family))
        case "change", "chg", "replace": return .address(try addressChange(.add(replacing: true), &arguments, family))
        case "delete": return .address(try addressChange(.delete, &arguments, family))
        case "flush": return .address(try addressFlush(&arguments, family))
        case nil: throw .wrong("\"ip address\" knows no \"\(word)\"")
        default: return .nothing
        }
    }

    private static func addressChange(
        _ action: Action, _ arguments: inout Arguments, _ family: AddressFamily?
    ) throws(CommandRefusal) -> AddressChange {
        var device: String?
        var local: InterfaceAddress?
        while let word = arguments.next() {
            switch word {
            case "dev": device = try arguments.value(of: word)
            case "local": local = try prefix(try arguments.value(of: word), family)
            case "peer", "remote", "anycast": throw .other("\"\(word)\" of an address is not part of a topology")
            case "scope":
                let scope = try arguments.value(of: word)
                if scope != "global" { throw .other("an address of scope \(scope) is not part of a topology") }
            case "label", "proto": _ = try arguments.value(of: word)
            case "noprefixroute", "home", "mngtmpaddr", "autojoin":
                throw .other("\"\(word)\" of an address is not part of a topology")
            // Duplicate detection is off in a lab, and the rest says what is so anyway.
            case "nodad", "optimistic", "permanent", "dynamic", "secondary", "temporary", "tentative", "deprecated",
                "dadfailed", "stable-privacy":
                break
            case _ where matches(word, "broadcast") || word == "brd": _ = try arguments.value(of: word)
            case _ where matches(word, "metric") || matches(word, "priority") || matches(word, "preference"):
                throw .other("the metric of an address is not part of a topology")
            case _ where matches(word, "valid_lft") || matches(word, "preferred_lft"):
                if try arguments.value(of: word) != "forever" {
                    throw .other("an address that ends by itself is not part of a topology")
                }
            default:
                if local != nil { throw .wrong("either \"local\" is given twice, or \"\(word)\" is not known") }
                local = try prefix(word, family)
            }
        }
        guard let device else { throw .wrong("\"dev\" and the interface are missing") }
        guard let local else { throw .wrong("the address is missing") }
        return AddressChange(action: action, device: device, address: local)
    }

    private static func addressFlush(
        _ arguments: inout Arguments, _ family: AddressFamily?
    ) throws(CommandRefusal) -> AddressChange {
        var device: String?
        while let word = arguments.next() {
            switch word {
            case "dev": device = try arguments.value(of: word)
            // Addresses of a topology are of global scope but for link-local ones, which the kernel makes.
            case "scope":
                if try arguments.value(of: word) != "global" {
                    throw .other("flushing by scope is not part of a topology")
                }
            case "permanent": break
            default:
                if device != nil { throw .other("flushing by \"\(word)\" is not part of a topology") }
                device = word
            }
        }
        guard let device else { throw .wrong("\"dev\" and the interface are missing") }
        return AddressChange(action: .flush, device: device, address: nil, family: family)
    }
}
