/// The Fowler-Noll-Vo hash, first form: multiply, then xor (RFC 9923; Go's `hash/fnv.New32`).
public enum FNV1 {
    /// The 32-bit hash of a string's UTF-8.
    public static func hash32(_ text: String) -> UInt32 {
        text.utf8.reduce(0x811c_9dc5) { ($0 &* 0x0100_0193) ^ UInt32($1) }
    }
}
