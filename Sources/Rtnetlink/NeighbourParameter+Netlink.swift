import Addresses
internal import CLinux
internal import Netlink
import NetworkObjects

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

extension NeighbourParameter {
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
