import Addresses
internal import CLinux
internal import Netlink

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
            message.put(RuleAttribute.priority, rule.priority)
            message.put(RuleAttribute.table, rule.table)
            if let source = rule.source { message.put(RuleAttribute.source, source.address) }
            if let destination = rule.destination { message.put(RuleAttribute.destination, destination.address) }
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
            case RuleAttribute.priority: rule.priority = try attribute.integer()
            case RuleAttribute.table: rule.table = try attribute.integer()
            case RuleAttribute.source: rule.source = try prefix(attribute, family, header.src_len)
            case RuleAttribute.destination: rule.destination = try prefix(attribute, family, header.dst_len)
            // Who installed it, and padding, are not what the rule says; nor is that nothing is suppressed (-1).
            case RuleAttribute.origin, RuleAttribute.padding: break
            case RuleAttribute.suppressedLength where attribute.bytes.allSatisfy { $0 == 0xff }: break
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

    /// The attributes that have no field of their own, as `ip rule` writes those that people use.
    var otherWords: [String] {
        func number(_ bytes: [UInt8]?) -> UInt32? {
            guard let bytes, bytes.count == 4 else { return nil }
            return bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        }
        func text(_ bytes: [UInt8]?) -> String? {
            bytes.map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        var words: [String] = []
        if let mark = number(others[RuleAttribute.mark]) {
            let mask = number(others[RuleAttribute.mask]) ?? .max
            let isWhole = mask == .max
            words.append("fwmark 0x\(String(mark, radix: 16))" + (isWhole ? "" : "/0x\(String(mask, radix: 16))"))
        }
        if let device = text(others[RuleAttribute.inputDevice]) { words.append("iif \(device)") }
        if let device = text(others[RuleAttribute.outputDevice]) { words.append("oif \(device)") }
        return words
    }
}

/// `FRA_*` (linux/fib_rules.h).
private enum RuleAttribute {
    static let destination = 1
    static let source = 2
    static let inputDevice = 3
    static let priority = 6
    static let mark = 10
    static let suppressedLength = 14
    static let table = 15
    static let mask = 16
    static let outputDevice = 17
    static let padding = 18
    static let origin = 21
}
