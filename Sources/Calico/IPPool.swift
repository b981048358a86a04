import Addresses

/// A range of addresses that nodes claim blocks of.
public struct IPPool: Hashable, Sendable {
    public let name: String
    /// All its addresses.
    public let prefix: Prefix
    /// The prefix length of one block.
    public let blockSize: Int
    /// How packets to its addresses cross from node to node.
    public let encapsulation: Encapsulation

    /// A pool.
    ///
    /// - Throws: `IPAMError.badBlockSize` where a block is larger than the pool or smaller than an address.
    public init(
        name: String, prefix: Prefix, blockSize: Int, encapsulation: Encapsulation = .none
    ) throws(IPAMError) {
        // A pool of more than 2^127 blocks is no pool that Calico would take, and would not fit in the arithmetic.
        guard blockSize >= prefix.length, blockSize <= prefix.family.bits, blockSize - prefix.length < 128 else {
            throw .badBlockSize(pool: name, prefix: prefix, blockSize: blockSize)
        }
        self.name = name
        self.prefix = prefix
        self.blockSize = blockSize
        self.encapsulation = encapsulation
    }

    /// The family of the pool's addresses.
    public var family: AddressFamily { prefix.family }

    /// The number of bits that tell the pool's blocks apart: it has 2^blockBits blocks.
    public var blockBits: Int { blockSize - prefix.length }

    /// The block with this index, below 2^blockBits.
    public func block(at index: UInt128) -> Prefix {
        let shift = UInt128(family.bits - blockSize)
        // A block of all addresses of IPv6 would shift by 128: its index is 0 and so is the offset.
        let offset = shift == 128 ? 0 : index << shift
        return Prefix(prefix.address.advanced(by: offset) ?? prefix.address, length: blockSize)
    }

    /// The block that holds an address of the pool.
    public func block(of address: IPAddress) -> Prefix { Prefix(address, length: blockSize) }

    /// The index of the block where a node's search for a free one starts.
    ///
    /// Calico seeds Go's generator with the 32-bit FNV-1 hash of the node's name (`randomBlockGenerator` in
    /// libcalico-go/lib/ipam/ipam_block_reader_writer.go). For blocks of one address it takes the time instead of the
    /// name; the name is taken here too, so that a lab is always the same.
    public func firstBlockIndex(for node: String) -> UInt128 {
        var random = GoRandom(seed: Int64(FNV1.hash32(node)))
        return random.next(belowPowerOfTwo: blockBits)
    }
}
