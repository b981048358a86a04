import Addresses

/// All blocks of a pool once, from one of them on and round past the pool's end, without those that are wholly reserved.
///
/// A pool may have more blocks than can be counted one by one, so a reservation is stepped over at once.
struct BlockWalk {
    private let pool: IPPool
    private let reservations: [Prefix]
    private var index: UInt128
    /// The number of blocks not yet seen, less one; nil when all were seen. (2^127 blocks still fit.)
    private var remaining: UInt128?

    private var lastIndex: UInt128 { pool.blockBits == 0 ? 0 : (1 << UInt128(pool.blockBits)) - 1 }

    init(_ pool: IPPool, from start: UInt128, skipping reservations: [Prefix]) {
        self.pool = pool
        // A reservation inside a block leaves the block usable.
        self.reservations = reservations.filter { $0.overlaps(pool.prefix) && $0.length <= pool.blockSize }
        self.index = start
        self.remaining = nil
        self.remaining = lastIndex
    }

    /// The next block, or nil when all were seen.
    mutating func next() -> Prefix? {
        while let remaining {
            let block = pool.block(at: index)
            guard let reserved = reservations.first(where: { $0.contains(block) }) else {
                advance(by: 1, of: remaining)
                return block
            }
            let last = min(reserved.lastAddress, pool.prefix.lastAddress)
            let reservedBlocks = ((last.value - block.address.value) >> UInt128(pool.family.bits - pool.blockSize)) + 1
            advance(by: reservedBlocks, of: remaining)
        }
        return nil
    }

    /// Moves on; a step never leads further than just past the pool's end.
    private mutating func advance(by count: UInt128, of remaining: UInt128) {
        self.remaining = remaining >= count ? remaining - count : nil
        index = index + count > lastIndex ? 0 : index + count
    }
}
