import Addresses
internal import CLinux
public import Netlink
import NetworkObjects

extension RoutingRule: RouteObject {
    public static func all(
        _ socket: inout RouteSocket, in table: InterfaceTable
    ) throws(NetlinkError) -> [RoutingRule] {
        try socket.rules()
    }

    /// There is no other way to change a rule than to add another: `replace` is refused as `add` is if there is one that
    /// says the same (EEXIST).
    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        let flags = change == .delete ? change.flags : ObjectChange.add.flags
        batch.requests.append(change.type(RTM_NEWRULE, RTM_DELRULE), flags) { message in
            var header = fib_rule_hdr()
            header.family = family.number
            header.src_len = UInt8(source?.length ?? 0)
            header.dst_len = UInt8(destination?.length ?? 0)
            header.tos = typeOfService
            header.table = UInt8(exactly: self.table) ?? UInt8(RT_TABLE_UNSPEC.rawValue)
            header.action = action.rawValue
            header.flags = isInverted ? UInt32(FIB_RULE_INVERT) : 0
            message.append(structure: header)
            message.put(FRA_PRIORITY, priority)
            message.put(FRA_TABLE, self.table)
            if let source { message.put(FRA_SRC, source.address) }
            if let destination { message.put(FRA_DST, destination.address) }
            message.put(others)
        }
    }
}

extension RoutingRule {
    /// Reads an `RTM_NEWRULE`.
    ///
    /// - Returns: nil for another message, or another family than the Internet's.
    static func decode(_ message: Message) throws(MalformedMessage) -> RoutingRule? {
        guard message.type == RTM_NEWRULE else { return nil }
        let header = try message.header(fib_rule_hdr.self)
        guard let family = AddressFamily(number: header.family) else { return nil }
        var rule = RoutingRule(
            family, priority: 0, table: UInt32(header.table), action: Action(rawValue: header.action))
        rule.isInverted = header.flags & UInt32(FIB_RULE_INVERT) != 0
        rule.typeOfService = header.tos
        for attribute in try message.attributes(after: fib_rule_hdr.self) {
            switch attribute.type {
            case FRA_PRIORITY: rule.priority = try attribute.integer()
            case FRA_TABLE: rule.table = try attribute.integer()
            case FRA_SRC: rule.source = try prefix(attribute, family, header.src_len)
            case FRA_DST: rule.destination = try prefix(attribute, family, header.dst_len)
            // Who installed it, and padding, are not what the rule says; nor is that nothing is suppressed (-1).
            case FRA_PROTOCOL, FRA_PAD: break
            case FRA_SUPPRESS_PREFIXLEN where attribute.bytes.allSatisfy { $0 == 0xff }: break
            default: rule.others[attribute.type] = Array(attribute.bytes)
            }
        }
        return rule
    }

    private static func prefix(
        _ attribute: Attribute, _ family: AddressFamily, _ length: UInt8
    ) throws(MalformedMessage) -> Prefix {
        let address = try attribute.address()
        guard address.family == family, Int(length) <= family.bits else { throw attribute.wrongSize }
        return Prefix(address, length: Int(length))
    }
}
