import Addresses
internal import CLinux
internal import Glibc
internal import Netlink

/// A setting of IPv4 on one link. The raw value is its name below `/proc/sys/net/ipv4/conf/<link>`.
public enum IPv4Setting: String, Hashable, Sendable, CaseIterable {
    case forwarding
    case proxyARP = "proxy_arp"
    case acceptRedirects = "accept_redirects"
    case secureRedirects = "secure_redirects"
    case sendRedirects = "send_redirects"
    case sharedMedia = "shared_media"
    case reversePathFilter = "rp_filter"
    case acceptSourceRoute = "accept_source_route"
    case logMartians = "log_martians"
    case arpFilter = "arp_filter"
    case arpAnnounce = "arp_announce"
    case arpIgnore = "arp_ignore"
    case promoteSecondaries = "promote_secondaries"
    case arpAccept = "arp_accept"
    case arpNotify = "arp_notify"
    case acceptLocal = "accept_local"
    case proxyARPPrivateVLAN = "proxy_arp_pvlan"
    case routeLocalnet = "route_localnet"
    case ignoreRoutesWithLinkdown = "ignore_routes_with_linkdown"

    /// The setting's number in messages (`IPV4_DEVCONF_*`, linux/ip.h). That header clashes with the C library's, so
    /// the numbers stand here again.
    var number: Int {
        switch self {
        case .forwarding: 1
        case .proxyARP: 3
        case .acceptRedirects: 4
        case .secureRedirects: 5
        case .sendRedirects: 6
        case .sharedMedia: 7
        case .reversePathFilter: 8
        case .acceptSourceRoute: 9
        case .logMartians: 11
        case .arpFilter: 13
        case .arpAnnounce: 18
        case .arpIgnore: 19
        case .promoteSecondaries: 20
        case .arpAccept: 21
        case .arpNotify: 22
        case .acceptLocal: 23
        case .proxyARPPrivateVLAN: 25
        case .routeLocalnet: 26
        case .ignoreRoutesWithLinkdown: 29
        }
    }
}

extension RouteBatch {
    /// Gives a link IPv4 settings, in one request and without `/proc` (`IFLA_INET_CONF`).
    ///
    /// The kernel stores the values and does no more: what writing the file does besides, such as switching off large
    /// receive offload when a link begins to forward, is left out. Virtual links need none of it.
    ///
    /// - Parameters:
    ///   - settings: each with its value; 0 and 1 are off and on.
    public mutating func set(
        _ settings: some Sequence<(IPv4Setting, Int32)>, on device: InterfaceName, in table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: device)
        requests.append(RTM_SETLINK) { message in
            message.append(structure: ifinfomsg(index: index))
            message.nested(IFLA_AF_SPEC) { families in
                families.nested(Int(AF_INET)) { family in
                    family.nested(IFLA_INET_CONF) { values in
                        for (setting, value) in settings { values.put(setting.number, value) }
                    }
                }
            }
        }
    }
}
