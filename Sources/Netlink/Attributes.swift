/// Attributes one after the other, in a message or inside another attribute.
///
/// All lengths are checked when a value of this type is made, so going through it cannot fail.
public struct Attributes: Sequence, Sendable {
    private let bytes: ArraySlice<UInt8>

    /// The attributes that these bytes hold.
    ///
    /// - Throws: `attribute` if one does not fit.
    public init(_ bytes: ArraySlice<UInt8>) throws(MalformedMessage) {
        self.bytes = bytes
        var rest = bytes
        while !rest.isEmpty {
            let length = rest.load(UInt16.self).map(Int.init) ?? 4
            guard length >= 4, length <= rest.count else { throw .attribute(length: length, available: rest.count) }
            rest = rest.dropFirst((length + 3) & ~3)
        }
    }

    public func makeIterator() -> Iterator { Iterator(rest: bytes) }

    /// The one that comes first; nil where there is none.
    public var first: Attribute? {
        var iterator = makeIterator()
        return iterator.next()
    }

    /// Goes through attributes that were checked.
    public struct Iterator: IteratorProtocol {
        var rest: ArraySlice<UInt8>

        public mutating func next() -> Attribute? {
            guard let header = rest.load((UInt16, UInt16).self), header.0 >= 4 else { return nil }
            let length = Int(header.0)
            defer { rest = rest.dropFirst((length + 3) & ~3) }
            return Attribute(header: header.1, bytes: rest.prefix(length).dropFirst(4))
        }
    }
}

/// One attribute of a message: its type and payload (`struct nlattr`, linux/netlink.h).
public struct Attribute: Sendable {
    /// What the attribute is, without the flag bits.
    public let type: Int
    public let bytes: ArraySlice<UInt8>
    /// Whether the kernel says that it has others in it (`NLA_F_NESTED`), which not all of the kernel does.
    public let isNested: Bool

    init(header: UInt16, bytes: ArraySlice<UInt8>) {
        // The two highest bits say "nested" and "network byte order" (linux/netlink.h); not all of the kernel sets them.
        type = Int(header & 0x3fff)
        isNested = header & 1 << 15 != 0
        self.bytes = bytes
    }

    public init(type: Int, bytes: ArraySlice<UInt8>) {
        self.type = type
        isNested = false
        self.bytes = bytes
    }

    /// The value as a number in the machine's byte order.
    ///
    /// - Throws: `value` if it does not have the number's size.
    @inlinable
    public func integer<Number: FixedWidthInteger & BitwiseCopyable>(
        _: Number.Type = Number.self
    ) throws(MalformedMessage) -> Number {
        guard bytes.count == MemoryLayout<Number>.size, let number = bytes.load(Number.self) else { throw wrongSize }
        return number
    }

    /// The value as a number in network byte order.
    ///
    /// - Throws: `value` if it does not have the number's size.
    @inlinable
    public func bigEndian<Number: FixedWidthInteger & BitwiseCopyable>(
        _: Number.Type = Number.self
    ) throws(MalformedMessage) -> Number {
        Number(bigEndian: try integer())
    }

    /// The value as a structure of a kernel header; newer kernels may have made it longer.
    ///
    /// - Throws: `value` if it is shorter.
    @inlinable
    public func structure<Structure: BitwiseCopyable>(_: Structure.Type) throws(MalformedMessage) -> Structure {
        guard let structure = bytes.load(Structure.self) else { throw wrongSize }
        return structure
    }

    /// The same of a structure with a union.
    ///
    /// - Throws: `value` if it is shorter.
    public func structure<Structure>(withUnion _: Structure.Type) throws(MalformedMessage) -> Structure {
        guard let structure = bytes.load(withUnion: Structure.self) else { throw wrongSize }
        return structure
    }

    /// The value as text up to the first NUL; bytes that are not UTF-8 become U+FFFD.
    public var text: String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }

    /// The attributes that the value consists of.
    ///
    /// - Throws: `attribute` if one does not fit.
    public func nested() throws(MalformedMessage) -> Attributes { try Attributes(bytes) }

    /// The error that this attribute's value has the wrong size.
    public var wrongSize: MalformedMessage { .value(attribute: type, length: bytes.count) }
}
