import Addresses

/// A number that tells tables, or what they are worked out of, from others, and that is the same in every process of one program: to
/// notice that something was edited, not that somebody forged it.
public struct RuleDigest: Hashable, Sendable {
    /// The number for what was added so far.
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// The digest of these tables, in this order.
    public init(_ tables: [RuleTable]) { for table in tables { add(table) } }

    /// The digest of these chains, in this order.
    init(_ chains: [RuleTable.Chain]) { add(chains) { $0.add($1.digest) } }

    /// The digest of nothing yet.
    public init() {}

    // MARK: Numbers and text

    /// Adds a number.
    public mutating func add(_ number: UInt64) {
        // The mixing step of SplitMix64 (Steele and others, Fast Splittable Pseudorandom Number Generators, 2014).
        var mixed = value ^ number &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        value = mixed ^ (mixed >> 31)
    }

    /// Adds a text, or that there is none.
    public mutating func add(_ text: String?) {
        guard var text else { return add(.max as UInt64) }
        text.withUTF8 { bytes in
            add(UInt64(bytes.count))
            let raw = UnsafeRawBufferPointer(bytes)
            var offset = 0
            while offset + 8 <= raw.count {
                add(raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
                offset += 8
            }
            if offset < raw.count { add(raw[offset...].reduce(0) { $0 << 8 | UInt64($1) }) }
        }
    }

    /// Adds each element of a list, and how many there are.
    public mutating func add<Element>(_ elements: [Element], _ body: (inout RuleDigest, Element) -> Void) {
        add(UInt64(elements.count))
        for element in elements { body(&self, element) }
    }

    // MARK: Tables

    private mutating func add(_ table: RuleTable) {
        add(table.family.rawValue)
        add(table.name)
        add(table.comment)
        add(table.others) { $0.add($1) }
        add(table.sets) { $0.add($1) }
        add(table.groups) { $0.add($1.digest) }
    }

    private mutating func add(_ set: RuleTable.NamedSet) {
        add(set.name)
        add(set.declaration) { $0.add($1) }
        add(set.elements) { $0.add($1) }
    }

    private mutating func add(_ element: RuleTable.Element) {
        add(element.key) { $0.add($1) }
        switch element.value {
        case nil: add(0)
        case .verdict(let verdict):
            add(1)
            add(verdict)
        case .data(let values):
            add(2)
            add(values) { $0.add($1) }
        }
        add(element.comment)
    }

    /// Adds what a chain holds.
    mutating func add(content chain: RuleTable.Chain) {
        add(chain.name)
        add(chain.comment)
        if let hook = chain.hook {
            add(hook.type)
            add(hook.point)
            add(UInt64(UInt32(bitPattern: hook.priority)))
            add(hook.policy)
        }
        add(chain.rules) { digest, rule in
            digest.add(rule.statements) { $0.add($1) }
            digest.add(rule.comment)
        }
    }

    // MARK: Rules

    private mutating func add(_ statement: Rule.Statement) {
        switch statement {
        case .match(let left, let right): add(0, left, right)
        case .mismatch(let left, let right): add(1, left, right)
        case .counter: add(2)
        case .verdict(let verdict):
            add(3)
            add(verdict)
        case .verdictMap(let key, let map): add(4, key, map)
        case .set(let what, let value): add(5, what, value)
        case .update(let set, let key):
            add(6)
            add(set)
            add(key)
        case .translation(let destination):
            add(7)
            add(.address(destination.address))
            add(UInt64(destination.port))
        case .masquerade: add(8)
        case .reject: add(9)
        case .other(let text):
            add(10)
            add(text)
        }
    }

    private mutating func add(_ kind: UInt64, _ left: Rule.Expression, _ right: Rule.Expression) {
        add(kind)
        add(left)
        add(right)
    }

    private mutating func add(_ expression: Rule.Expression) {
        switch expression {
        case .sourceAddress(let family): add(0 << 8 | UInt64(family.rawValue))
        case .destinationAddress(let family): add(1 << 8 | UInt64(family.rawValue))
        case .destinationPort: add(2 << 8)
        case .transport: add(3 << 8)
        case .mark: add(4 << 8)
        case .connectionState: add(5 << 8)
        case .sourceAddressType: add(6 << 8)
        case .destinationAddressType: add(7 << 8)
        case .concatenation(let parts):
            add(8 << 8)
            add(parts) { $0.add($1) }
        case .random(let count):
            add(9 << 8)
            add(UInt64(bitPattern: Int64(count)))
        case .and(let inner, let bits): add(10 << 8, inner, bits)
        case .or(let inner, let bits): add(11 << 8, inner, bits)
        case .xor(let inner, let bits): add(12 << 8, inner, bits)
        case .named(let name):
            add(13 << 8)
            add(name)
        case .elements(let elements):
            add(14 << 8)
            add(elements) { $0.add($1) }
        case .value(let value):
            add(15 << 8)
            add(value)
        case .other(let text):
            add(16 << 8)
            add(text)
        }
    }

    private mutating func add(_ kind: UInt64, _ inner: Rule.Expression, _ bits: UInt32) {
        add(kind)
        add(inner)
        add(UInt64(bits))
    }

    private mutating func add(_ verdict: Rule.Verdict) {
        switch verdict {
        case .accept: add(0)
        case .drop: add(1)
        case .return: add(2)
        case .jump(let chain):
            add(3)
            add(chain)
        case .goto(let chain):
            add(4)
            add(chain)
        case .other(let text):
            add(5)
            add(text)
        }
    }

    private mutating func add(_ value: RuleValue) {
        switch value {
        case .address(let address): add(0, address)
        case .prefix(let prefix):
            add(1, prefix.address)
            add(UInt64(prefix.length))
        case .transport(let transport):
            add(2)
            add(transport.rawValue)
        case .number(let number):
            add(3)
            add(UInt64(number))
        case .bits(let bits):
            add(4)
            add(UInt64(bits))
        case .other(let text):
            add(5)
            add(text)
        }
    }

    private mutating func add(_ kind: UInt64, _ address: IPAddress) {
        add(kind)
        add(address)
    }

    /// Adds an address.
    public mutating func add(_ address: IPAddress) {
        add(UInt64(address.family.rawValue))
        add(UInt64(truncatingIfNeeded: address.value))
        if address.family == .ipv6 { add(UInt64(truncatingIfNeeded: address.value >> 64)) }
    }
}
