import Addresses
internal import CLinux
internal import Netlink

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
    /// The time after which an entry that nobody uses may go (`gc_stale_time`).
    case staleTime
    /// The time before a stale entry that is used is asked for again (`delay_first_probe_time`).
    case delayFirstProbeTime

    var number: Int {
        switch self {
        case .proxyDelay: NDTPA_PROXY_DELAY
        case .lockTime: NDTPA_LOCKTIME
        case .baseReachableTime: NDTPA_BASE_REACHABLE_TIME
        case .retransmissionTime: NDTPA_RETRANS_TIME
        case .staleTime: NDTPA_GC_STALETIME
        case .delayFirstProbeTime: NDTPA_DELAY_PROBE_TIME
        }
    }
}

extension RouteBatch {
    /// Sets a parameter of a link's ARP (IPv4) or neighbour discovery (IPv6) table, without `/proc`.
    ///
    /// - Parameters:
    ///   - milliseconds: the duration. The files below `/proc/sys/net` count some of them in other units.
    public mutating func set(
        _ parameter: NeighbourParameter, milliseconds: UInt64, _ family: AddressFamily, on device: InterfaceName,
        in table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: device)
        requests.append(RTM_SETNEIGHTBL) { message in
            var header = ndtmsg()
            header.ndtm_family = family.number
            message.append(structure: header)
            // Tables go by name; each family has one.
            message.put(NDTA_NAME, text: family == .ipv4 ? "arp_cache" : "ndisc_cache")
            message.nested(NDTA_PARMS) { parameters in
                parameters.put(NDTPA_IFINDEX, index)
                parameters.put(parameter.number, milliseconds)
            }
        }
    }
}
