internal import CLinux
internal import Netlink

/// An entry of a table that learns, and how old the kernel says it is.
public struct Aged<Entry: Hashable & Sendable>: Hashable, Sendable {
    /// The entry.
    public var entry: Entry
    /// Its ages; nil where the kernel tells none.
    public var times: EntryTimes?

    /// An entry of these ages.
    public init(_ entry: Entry, _ times: EntryTimes?) {
        self.entry = entry
        self.times = times
    }
}

/// How long ago an entry of a neighbour table or forwarding database was last used, confirmed and written, in seconds
/// (`NDA_CACHEINFO`, linux/neighbour.h).
public struct EntryTimes: Hashable, Sendable {
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

    /// The ages in an `RTM_NEWNEIGH`; nil if it tells none.
    init?(_ message: Message) throws(MalformedMessage) {
        guard let attribute = try message.attributes(after: ndmsg.self).first(where: { $0.type == NDA_CACHEINFO })
        else {
            return nil
        }
        let ages = try attribute.structure(nda_cacheinfo.self)
        // clock_t: hundredths of a second in every message to user space (USER_HZ, time(7)).
        used = Double(ages.ndm_used) / 100
        confirmed = Double(ages.ndm_confirmed) / 100
        updated = Double(ages.ndm_updated) / 100
    }
}
