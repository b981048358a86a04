/// What tells bytes from others where nobody wants them to be taken for others: FNV-1a of 64 bits (draft-eastlake-fnv).
public func fingerprint(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
