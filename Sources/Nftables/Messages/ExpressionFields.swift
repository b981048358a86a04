import CLinux
import Netlink

/// The attributes of an expression by their kinds.
struct ExpressionFields {
    /// By number; no expression has more kinds.
    private var attributes: [Attribute?] = []

    /// - Parameter data: what holds them; nil for an expression without any.
    init(_ data: Attribute?) throws(MalformedMessage) {
        guard let data else { return }
        for attribute in try data.nested() {
            guard attribute.type < 32 else { throw .value(attribute: attribute.type, length: attribute.bytes.count) }
            while attributes.count <= attribute.type { attributes.append(nil) }
            attributes[attribute.type] = attribute
        }
    }

    /// The attribute of this kind.
    subscript(_ kind: some RawRepresentable<UInt32>) -> Attribute? {
        attributes.indices.contains(Int(kind.rawValue)) ? attributes[Int(kind.rawValue)] : nil
    }

    /// Whether there is one.
    func has(_ kind: some RawRepresentable<UInt32>) -> Bool { self[kind] != nil }

    /// Refuses what has attributes of other kinds: they would be told by nobody.
    func allow<Kind: RawRepresentable<UInt32>>(_ kinds: Kind...) throws(UnsayableRule) {
        let allowed = kinds.reduce(0 as UInt64) { $0 | 1 << $1.rawValue }
        for (type, attribute) in attributes.enumerated() where attribute != nil && allowed & 1 << UInt64(type) == 0 {
            throw UnsayableRule("attribute \(type) of \(Kind.self)")
        }
    }

    /// A number; 0 where there is none.
    func number(_ kind: some RawRepresentable<UInt32>) throws(MalformedMessage) -> UInt32 {
        try self[kind]?.bigEndian() ?? 0
    }

    /// A number of sixty-four bits; 0 where there is none.
    func wide(_ kind: some RawRepresentable<UInt32>) throws(MalformedMessage) -> UInt64 {
        try self[kind]?.bigEndian() ?? 0
    }

    /// A number of eight bits; 0 where there is none.
    func byte(_ kind: some RawRepresentable<UInt32>) throws(MalformedMessage) -> UInt8 {
        try self[kind]?.integer() ?? 0
    }

    /// Text; empty where there is none.
    func text(_ kind: some RawRepresentable<UInt32>) -> String { self[kind]?.text ?? "" }

    /// A register.
    func register(_ kind: some RawRepresentable<UInt32>) throws -> Register {
        guard let register = Register(number: try number(kind)) else { throw UnsayableRule("a register of no values") }
        return register
    }

    /// Data that is a value; nil where there is none.
    func value(_ kind: some RawRepresentable<UInt32>) throws(MalformedMessage) -> RegisterValue? {
        guard let data = try self[kind]?.nested().first, data.type == Int(NFTA_DATA_VALUE.rawValue) else { return nil }
        return RegisterValue(data.bytes)
    }
}
