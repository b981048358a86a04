import Addresses
import Blueprint
import NetworkObjects

/// How the settings of one fresh namespace get their values with the least effort.
///
/// A setting of the namespace is written before there are links, so that they start with it. One of a link goes by netlink
/// in the namespace's own batch where the kernel takes it there; the rest are written to `/proc` once the links exist.
struct SettingPlan {
    /// Settings of the namespace, to be written while it holds `lo` alone.
    private(set) var sysctls: [Sysctl] = []
    /// Requests for links' settings.
    private(set) var requests: [Operation] = []
    /// Links' settings that only `/proc` takes.
    private(set) var linkSysctls: [Sysctl] = []

    init(_ settings: [Sysctl]) {
        var inherited: [String: String] = [:]
        var ipv4: (device: InterfaceName, values: [IPv4DevConfValue])?
        func flush() -> Operation? { ipv4.map { .setIPv4($0.device, $0.values) } }
        for setting in settings {
            guard let device = setting.link else {
                sysctls.append(setting)
                inherited[setting.path] = setting.value
                continue
            }
            if let path = setting.defaultPath, SettingPlan.value(of: path, in: inherited) == setting.value { continue }
            switch LinkSetting(setting) {
            case .ipv4(let value):
                if ipv4?.device != device {
                    if let operation = flush() { requests.append(operation) }
                    ipv4 = (device, [])
                }
                ipv4?.values.append(value)
            case .neighbour(let parameter, let milliseconds, let family):
                requests.append(.setNeighbourParameter(device, parameter, milliseconds: milliseconds, family))
            case nil: linkSysctls.append(setting)
            }
        }
        if let operation = flush() { requests.append(operation) }
    }

    /// The value that new links start with. A namespace's forwarding switch sets `conf/default` as well.
    private static func value(of path: String, in written: [String: String]) -> String? {
        if let value = written[path] { return value }
        switch path {
        case "ipv4/conf/default/forwarding": return written["ipv4/ip_forward"]
        case "ipv6/conf/default/forwarding": return written["ipv6/conf/all/forwarding"]
        default: return nil
        }
    }
}

/// The value of one IPv4 setting.
struct IPv4DevConfValue: Hashable, Sendable {
    var setting: IPv4DevConf
    var value: Int32
}

/// A link's setting in netlink's terms.
private enum LinkSetting {
    case ipv4(IPv4DevConfValue)
    case neighbour(NeighbourParameter, milliseconds: UInt64, AddressFamily)

    /// Nil for a setting that netlink does not take.
    init?(_ setting: Sysctl) {
        let parts = setting.path.split(separator: "/")
        guard parts.count == 4, let number = Int32(setting.value) else { return nil }
        switch (parts[0], parts[1]) {
        case ("ipv4", "conf"):
            guard let name = IPv4DevConf(rawValue: String(parts[3])) else { return nil }
            self = .ipv4(IPv4DevConfValue(setting: name, value: number))
        case ("ipv4", "neigh"), ("ipv6", "neigh"):
            guard parts[3] == "proxy_delay", number >= 0 else { return nil }
            // The file counts in hundredths of a second (USER_HZ).
            self = .neighbour(.proxyDelay, milliseconds: UInt64(number) * 10, parts[0] == "ipv4" ? .ipv4 : .ipv6)
        default: return nil
        }
    }
}
