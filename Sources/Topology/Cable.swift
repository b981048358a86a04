/// A cable between two interfaces of two devices.
public struct Cable: Hashable, Sendable {
    /// The two ends.
    public var ends: [Endpoint]
    /// The MTU of both ends in bytes; nil for Ethernet's 1500.
    public var mtu: UInt32?
    /// For each end, what the frames suffer that leave by it.
    public var conditions: [LinkConditions]

    /// A cable between two ends.
    ///
    /// - Parameters:
    ///   - forward: what the frames suffer that leave by the first end.
    ///   - backward: likewise by the second.
    public init(
        _ first: Endpoint, _ second: Endpoint, mtu: UInt32? = nil, forward: LinkConditions = .none,
        backward: LinkConditions = .none
    ) {
        self.ends = [first, second]
        self.mtu = mtu
        self.conditions = [forward, backward]
    }

    /// The end that is not on this device, if one end is.
    public func end(oppositeTo endpoint: Endpoint) -> Endpoint? {
        ends[0] == endpoint ? ends[1] : ends[1] == endpoint ? ends[0] : nil
    }
}
