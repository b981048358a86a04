import Addresses
internal import CLinux
internal import Glibc
internal import Netlink
import NetworkObjects

extension RouteBatch {
    /// Gives a link IPv4 settings, in one request and without `/proc` (`IFLA_INET_CONF`).
    ///
    /// The kernel stores the values and does no more: what writing the file does besides, such as switching off large
    /// receive offload when a link begins to forward, is left out. Virtual links need none of it.
    ///
    /// - Parameters:
    ///   - settings: each with its value; 0 and 1 are off and on.
    public mutating func set(
        _ settings: some Sequence<(IPv4DevConf, Int32)>, on device: InterfaceName, in table: InterfaceTable
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

extension IPv4DevConf {
    /// The setting's number in messages (linux/ip.h).
    var number: Int {
        switch self {
        case .forwarding: IPV4_DEVCONF_FORWARDING
        case .proxyARP: IPV4_DEVCONF_PROXY_ARP
        case .acceptRedirects: IPV4_DEVCONF_ACCEPT_REDIRECTS
        case .secureRedirects: IPV4_DEVCONF_SECURE_REDIRECTS
        case .sendRedirects: IPV4_DEVCONF_SEND_REDIRECTS
        case .sharedMedia: IPV4_DEVCONF_SHARED_MEDIA
        case .reversePathFilter: IPV4_DEVCONF_RP_FILTER
        case .acceptSourceRoute: IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE
        case .logMartians: IPV4_DEVCONF_LOG_MARTIANS
        case .arpFilter: IPV4_DEVCONF_ARPFILTER
        case .arpAnnounce: IPV4_DEVCONF_ARP_ANNOUNCE
        case .arpIgnore: IPV4_DEVCONF_ARP_IGNORE
        case .promoteSecondaries: IPV4_DEVCONF_PROMOTE_SECONDARIES
        case .arpAccept: IPV4_DEVCONF_ARP_ACCEPT
        case .arpNotify: IPV4_DEVCONF_ARP_NOTIFY
        case .acceptLocal: IPV4_DEVCONF_ACCEPT_LOCAL
        case .proxyARPPrivateVLAN: IPV4_DEVCONF_PROXY_ARP_PVLAN
        case .routeLocalnet: IPV4_DEVCONF_ROUTE_LOCALNET
        case .ignoreRoutesWithLinkdown: IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN
        }
    }
}

extension ObservedLink {
    /// The value of an IPv4 setting of this link; nil if the kernel does not know it.
    public subscript(setting: IPv4DevConf) -> Int32? {
        let position = setting.number - 1
        return ipv4Settings.indices.contains(position) ? Int32(truncatingIfNeeded: ipv4Settings[position]) : nil
    }
}
