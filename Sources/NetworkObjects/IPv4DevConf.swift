/// A setting of IPv4 on one link. The raw value is its name below `/proc/sys/net/ipv4/conf/<link>`.
public enum IPv4DevConf: String, Hashable, Sendable, CaseIterable {
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
}
