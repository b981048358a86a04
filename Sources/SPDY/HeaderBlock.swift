import CZlib

/// Reads header blocks (2.6.10): pairs of names and values, compressed with what the blocks before them have said.
///
/// Its bounds are those of one block: what a few bytes decompress to is not without end.
final class HeaderDecoder {
    // zlib keeps a pointer to it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// The longest block in bytes once it is decompressed.
    static let longest = 64 << 10

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Without memory every block is malformed.
        _ = inflateInit2_(stream, 15, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func decode(_ block: ArraySlice<UInt8>) throws(MalformedFrame) -> [String: String] {
        try Self.fields(decompress(Array(block)))
    }

    private func decompress(_ block: [UInt8]) throws(MalformedFrame) -> [UInt8] {
        var block = block
        var output = [UInt8](repeating: 0, count: Self.longest)
        let (isGood, count) = block.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.pointee.next_in = input.baseAddress
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(output.count)
                var result = inflate(stream, Z_SYNC_FLUSH)
                if result == Z_NEED_DICT {
                    result = inflateSetDictionary(stream, HeaderDictionary.bytes, UInt32(HeaderDictionary.bytes.count))
                    if result == Z_OK { result = inflate(stream, Z_SYNC_FLUSH) }
                }
                // Z_BUF_ERROR says that all that came was taken before.
                let isWhole = stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0
                let isGood = (result == Z_OK || result == Z_BUF_ERROR) && isWhole
                return (isGood, output.count - Int(stream.pointee.avail_out))
            }
        }
        guard isGood else { throw .headers }
        return Array(output[..<count])
    }

    /// Reads a block that is decompressed.
    static func fields(_ bytes: [UInt8]) throws(MalformedFrame) -> [String: String] {
        var rest = bytes[...]
        func number() throws(MalformedFrame) -> Int {
            guard rest.count >= 4 else { throw .headers }
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        }
        func text() throws(MalformedFrame) -> String {
            let count = try number()
            guard count <= rest.count else { throw .headers }
            defer { rest = rest.dropFirst(count) }
            return String(decoding: rest.prefix(count), as: UTF8.self)
        }
        let count = try number()
        // A pair takes eight bytes and more, so a block bounds how many there can be.
        guard count <= rest.count / 8 else { throw .headers }
        var fields: [String: String] = [:]
        for _ in 0..<count {
            let name = try text()
            fields[name.lowercased()] = try text()
        }
        guard rest.isEmpty else { throw .headers }
        return fields
    }
}

/// Writes header blocks.
final class HeaderEncoder {
    private let stream: UnsafeMutablePointer<z_stream>

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // A small window: what is written here is short, and so is the memory of a connection (zlib.h, `deflateInit2`).
        _ = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 9, 1, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            CInt(MemoryLayout<z_stream>.size))
        deflateSetDictionary(stream, HeaderDictionary.bytes, UInt32(HeaderDictionary.bytes.count))
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func encode(_ fields: [String: String]) -> [UInt8] {
        func number(_ count: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } }
        func text(_ text: String) -> [UInt8] { number(text.utf8.count) + text.utf8 }
        var block = number(fields.count)
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { block += text(name) + text(value) }
        // With what Z_SYNC_FLUSH adds, and the header before the first one.
        var output = [UInt8](repeating: 0, count: Int(compressBound(uLong(block.count))) + 64)
        let count = block.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.pointee.next_in = input.baseAddress
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(output.count)
                deflate(stream, Z_SYNC_FLUSH)
                return output.count - Int(stream.pointee.avail_out)
            }
        }
        return Array(output[..<count])
    }
}
