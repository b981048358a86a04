/// A parameter of a link's neighbour table (`NDTPA_*`, linux/neighbour.h), all of them durations.
public enum NeighbourParameter: Hashable, Sendable, CaseIterable {
    /// The longest time before an ARP or neighbour request is answered for someone else (`proxy_delay`).
    case proxyDelay
    /// The shortest time for which an entry is left alone after a change (`locktime`).
    case lockTime
    /// The base of the time for which an entry counts as reachable (`base_reachable_time_ms`).
    case baseReachableTime
    /// The time between two requests (`retrans_time_ms`).
    case retransmissionTime
    /// The time after which an unused entry may go (`gc_stale_time`).
    case staleTime
    /// The time before a stale entry that is used is asked for again (`delay_first_probe_time`).
    case delayFirstProbeTime
}
