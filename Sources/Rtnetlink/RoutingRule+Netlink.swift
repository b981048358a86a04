import Addresses
internal import CLinux
internal import Netlink
import NetworkObjects

extension RouteBatch {
    /// Adds a rule; refused if there is one that says the same (EEXIST).
    public mutating func add(_ rule: RoutingRule) { append(RTM_NEWRULE, .new, rule) }

    /// Deletes the rule that says all of this.
    public mutating func delete(_ rule: RoutingRule) { append(RTM_DELRULE, [], rule) }

    private mutating func append(_ type: Int, _ flags: RequestFlags, _ rule: RoutingRule) {
        requests.append(type, flags) { message in
            var header = fib_rule_hdr()
            header.family = rule.family.number
            header.src_len = UInt8(rule.source?.length ?? 0)
            header.dst_len = UInt8(rule.destination?.length ?? 0)
            header.tos = rule.typeOfService
            header.table = UInt8(exactly: rule.table) ?? UInt8(RT_TABLE_UNSPEC.rawValue)
            header.action = rule.action.rawValue
            header.flags = rule.isInverted ? UInt32(FIB_RULE_INVERT) : 0
            message.append(structure: header)
            message.put(FRA_PRIORITY, rule.priority)
            message.put(FRA_TABLE, rule.table)
            if let source = rule.source { message.put(FRA_SRC, source.address) }
            if let destination = rule.destination { message.put(FRA_DST, destination.address) }
            for (type, bytes) in rule.others.sorted(by: { $0.key < $1.key }) {
                message.attribute(type) { value in for byte in bytes { value.append(byte) } }
            }
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
