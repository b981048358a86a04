/// What a link has carried since it was made (`rtnl_link_stats64`, linux/if_link.h).
public struct LinkCounters: Hashable, Sendable {
    /// What came in.
    public var received: Direction
    /// What went out.
    public var sent: Direction
    /// How many of the packets that came in went to a group; not every kind of link counts them.
    public var receivedMulticast: UInt64
    public var collisions: UInt64
    /// How often something came to the other end, or went (`IFLA_CARRIER_CHANGES`).
    public var carrierChanges: UInt32

    /// One way of a link.
    public struct Direction: Hashable, Sendable {
        public var packets: UInt64
        public var bytes: UInt64
        public var errors: UInt64
        /// Packets that there was no room for.
        public var dropped: UInt64

        public init(packets: UInt64 = 0, bytes: UInt64 = 0, errors: UInt64 = 0, dropped: UInt64 = 0) {
            self.packets = packets
            self.bytes = bytes
            self.errors = errors
            self.dropped = dropped
        }
    }

    public init(
        received: Direction = Direction(), sent: Direction = Direction(), receivedMulticast: UInt64 = 0,
        collisions: UInt64 = 0, carrierChanges: UInt32 = 0
    ) {
        self.received = received
        self.sent = sent
        self.receivedMulticast = receivedMulticast
        self.collisions = collisions
        self.carrierChanges = carrierChanges
    }
}
