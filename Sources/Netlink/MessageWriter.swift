internal import CLinux
internal import Glibc

/// Writes netlink messages into one growing buffer (RFC 3549, 2.3; linux/netlink.h): numbers in the byte order of the
/// machine unless a method says otherwise, everything aligned to four bytes, padding zero.
///
/// Attribute types are plain numbers, so that the constants of the kernel's headers can be given as they are imported.
///
/// A length that does not fit into an attribute's sixteen bits is remembered and not written: a batch that holds one is
/// refused when it is executed. So the methods here cannot fail.
public struct MessageWriter: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var count = 0
    var capacity: Int
    /// Whether an attribute was larger than its length field can say.
    var isOversized = false

    init(capacity: Int) {
        self.capacity = max(capacity, 256)
        base = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// How many bytes are written.
    public var length: Int { count }

    // MARK: Attributes of one value

    /// An attribute of eight bits.
    public mutating func put(_ type: Int, _ value: UInt8) { putBytes(type, of: value) }

    /// An attribute of sixteen bits.
    public mutating func put(_ type: Int, _ value: UInt16) { putBytes(type, of: value) }

    /// An attribute of thirty-two bits.
    public mutating func put(_ type: Int, _ value: UInt32) { putBytes(type, of: value) }

    /// An attribute of thirty-two bits with a sign, such as a descriptor or an interface index.
    public mutating func put(_ type: Int, _ value: Int32) { putBytes(type, of: value) }

    /// An attribute of sixty-four bits.
    public mutating func put(_ type: Int, _ value: UInt64) { putBytes(type, of: value) }

    /// An attribute of sixteen bits in network byte order, such as a port.
    public mutating func putBigEndian(_ type: Int, _ value: UInt16) { putBytes(type, of: value.bigEndian) }

    /// An attribute of thirty-two bits in network byte order, such as an IPv4 address.
    public mutating func putBigEndian(_ type: Int, _ value: UInt32) { putBytes(type, of: value.bigEndian) }

    /// An attribute of 128 bits in network byte order, such as an IPv6 address.
    public mutating func putBigEndian(_ type: Int, _ value: UInt128) { putBytes(type, of: value.bigEndian) }

    /// An attribute without a value, which says something by being there.
    public mutating func putFlag(_ type: Int) { _ = reserve(type, length: 0) }

    /// An attribute that holds text: with the closing NUL that most of the kernel's strings want, or without.
    public mutating func put(_ type: Int, text: String, terminated: Bool = true) {
        var text = text
        text.withUTF8 { utf8 in
            let payload = reserve(type, length: utf8.count + (terminated ? 1 : 0))
            if isOversized { return }
            if let start = utf8.baseAddress { payload.copyMemory(from: start, byteCount: utf8.count) }
            if terminated { payload.storeBytes(of: 0, toByteOffset: utf8.count, as: UInt8.self) }
        }
    }

    /// An attribute that holds a structure of a kernel header, byte for byte.
    @inlinable
    public mutating func put<Structure: BitwiseCopyable>(_ type: Int, structure: Structure) {
        putBytes(type, of: structure)
    }

    // MARK: Attributes that hold more

    /// An attribute whose value is attributes (`NLA_F_NESTED`): those that `body` writes.
    public mutating func nested<Failure: Error>(
        _ type: Int, _ body: (inout MessageWriter) throws(Failure) -> Void
    ) throws(Failure) {
        try attribute(type | 1 << 15, body)
    }

    /// An attribute whose value is what `body` appends: single bytes, or a structure and attributes after it.
    public mutating func attribute<Failure: Error>(
        _ type: Int, _ body: (inout MessageWriter) throws(Failure) -> Void
    ) throws(Failure) {
        align()
        let start = count
        _ = extend(by: 4)
        try body(&self)
        let length = count - start
        if length > Int(UInt16.max) { isOversized = true }
        storeHeader(at: base + start, type: type, length: length)
        align()
    }

    /// What `body` appends, of which the first sixteen bits become its length, as in a `rtnexthop` (linux/rtnetlink.h).
    public mutating func sized(_ body: (inout MessageWriter) -> Void) {
        align()
        let start = count
        body(&self)
        if count - start > Int(UInt16.max) { isOversized = true }
        if count >= start + 2 {
            (base + start).storeBytes(of: UInt16(truncatingIfNeeded: count - start), as: UInt16.self)
        }
        align()
    }

    // MARK: Bytes outside an attribute

    public mutating func append(_ byte: UInt8) {
        extend(by: 1).storeBytes(of: byte, as: UInt8.self)
    }

    /// A structure of a kernel header, byte for byte: what a message has before its attributes.
    @inlinable
    public mutating func append<Structure: BitwiseCopyable>(structure: Structure) {
        extend(by: MemoryLayout<Structure>.size).storeBytes(of: structure, as: Structure.self)
    }

    /// The bytes of a structure of C that has a union.
    public mutating func append<Structure>(structureWithUnion structure: Structure) {
        withUnsafeBytes(of: structure) { bytes in for byte in bytes { append(byte) } }
    }

    // MARK: The buffer

    @inlinable
    mutating func putBytes<Value: BitwiseCopyable>(_ type: Int, of value: Value) {
        reserve(type, length: MemoryLayout<Value>.size).storeBytes(of: value, as: Value.self)
    }

    /// Room for an attribute's value, after its header. What a value leaves open of the last four bytes is zero.
    @usableFromInline
    mutating func reserve(_ type: Int, length: Int) -> UnsafeMutableRawPointer {
        align()
        guard length <= Int(UInt16.max) - 4 else {
            isOversized = true
            return extend(by: 4)
        }
        let padded = (length + 3) & ~3
        let header = extend(by: 4 + padded)
        storeHeader(at: header, type: type, length: 4 + length)
        if padded > length { (header + padded).storeBytes(of: 0, as: UInt32.self) }
        return header + 4
    }

    private func storeHeader(at header: UnsafeMutableRawPointer, type: Int, length: Int) {
        header.storeBytes(of: UInt16(truncatingIfNeeded: length), as: UInt16.self)
        header.storeBytes(of: UInt16(truncatingIfNeeded: type), toByteOffset: 2, as: UInt16.self)
    }

    /// Fills up to a multiple of four bytes with zeros.
    mutating func align() {
        while count & 3 != 0 { append(0 as UInt8) }
    }

    /// Makes the written part `size` bytes longer; the new bytes hold nothing yet.
    @usableFromInline
    mutating func extend(by size: Int) -> UnsafeMutableRawPointer {
        if count + size > capacity { grow(to: count + size) }
        defer { count += size }
        return base + count
    }

    private mutating func grow(to needed: Int) {
        let larger = max(capacity * 2, needed)
        let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        new.copyMemory(from: base, byteCount: count)
        base.deallocate()
        (base, capacity) = (new, larger)
    }
}
