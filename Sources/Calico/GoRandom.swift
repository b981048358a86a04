/// Go's `math/rand` source: an additive lagged Fibonacci generator, x(n) = x(n-607) + x(n-273) mod 2^64.
///
/// Calico draws the first block of a node from it, so a node's addresses follow from its name (Go's
/// `src/math/rand/rng.go`).
public struct GoRandom: Sendable {
    private static let length = 607
    private static let distance = 273

    private var words: [Int64]
    private var tap = 0
    private var feed = GoRandom.length - GoRandom.distance

    /// The generator that `rand.NewSource(seed)` makes.
    public init(seed: Int64) {
        // Schrage's method in Go is the same as this product in 64 bits: x = 48271·x mod (2^31-1).
        let modulus: Int64 = 0x7fff_ffff
        var x = seed % modulus
        if x < 0 { x += modulus }
        if x == 0 { x = 89_482_311 }
        func step() -> Int64 {
            x = 48_271 * x % modulus
            return x
        }
        for _ in 0..<20 { _ = step() }
        words = GoRandomTable.words.map { cooked in
            let (high, middle, low) = (step(), step(), step())
            return high << 40 ^ middle << 20 ^ low ^ cooked
        }
    }

    /// The next 64 bits.
    public mutating func nextUInt64() -> UInt64 {
        tap = tap == 0 ? Self.length - 1 : tap - 1
        feed = feed == 0 ? Self.length - 1 : feed - 1
        let sum = words[feed] &+ words[tap]
        words[feed] = sum
        return UInt64(bitPattern: sum)
    }

    /// The next 32 bits: bits 31 to 62 of a draw, as Go's `Rand.Uint32` takes them.
    public mutating func nextUInt32() -> UInt32 {
        UInt32(truncatingIfNeeded: (nextUInt64() & .max >> 1) >> 31)
    }

    /// A number below `2^bits`, as Go's `big.Int.Rand` draws it on a 64-bit machine.
    ///
    /// - Precondition: `bits` is 0 to 127.
    public mutating func next(belowPowerOfTwo bits: Int) -> UInt128 {
        precondition((0...127).contains(bits), "the limit has to fit in 128 bits")
        // 2^bits has bits + 1 significant bits, so the top word is masked to one bit more than the result needs,
        // and a draw of all words is thrown away whenever that bit is set.
        let significant = bits + 1
        let wordCount = (significant + 63) / 64
        let topBits = significant % 64
        let topMask: UInt64 = topBits == 0 ? .max : 1 << UInt64(topBits) - 1
        while true {
            var value: UInt128 = 0
            for index in 0..<wordCount {
                let (low, high) = (nextUInt32(), nextUInt32())
                var word = UInt64(low) | UInt64(high) << 32
                if index == wordCount - 1 { word &= topMask }
                value |= UInt128(word) << UInt128(64 * index)
            }
            if value >> UInt128(bits) == 0 { return value }
        }
    }
}
