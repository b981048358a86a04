/// An entry of a table that learns, and how old the kernel says it is.
public struct CachedEntry<Entry: Hashable & Sendable>: Hashable, Sendable {
    public var entry: Entry
    /// Its ages; nil where the kernel gives none.
    public var times: CacheInfo?

    /// An entry of these ages.
    public init(_ entry: Entry, _ times: CacheInfo?) {
        self.entry = entry
        self.times = times
    }
}

/// How long ago an entry of a neighbour table or forwarding database was last used, confirmed and written, in seconds
/// (`NDA_CACHEINFO`, linux/neighbour.h).
public struct CacheInfo: Hashable, Sendable {
    /// Since a packet last took the entry.
    public var used: Double
    /// Since the neighbour last proved to be there.
    public var confirmed: Double
    /// Since the entry was made or last changed; of a learned forwarding entry, since a frame last came from there.
    public var updated: Double

    /// These ages in seconds.
    public init(used: Double, confirmed: Double, updated: Double) {
        self.used = used
        self.confirmed = confirmed
        self.updated = updated
    }
}
