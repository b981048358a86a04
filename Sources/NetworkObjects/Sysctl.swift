import Addresses

/// One kernel setting of a network namespace.
public struct Sysctl: Codable, Hashable, Sendable {
    /// The path below `/proc/sys/net`, such as `ipv4/conf/eth0/proxy_arp`.
    public var path: String
    /// The value as it is written and read.
    public var value: String

    /// The setting with this path and value.
    public init(_ path: String, _ value: String) {
        self.path = path
        self.value = value
    }

    /// The parts of a link's setting; nil for one of the whole namespace. `conf/all` and `conf/default` are no links.
    public var linkSetting: (family: Substring, table: Substring, device: InterfaceName, name: Substring)? {
        // It is asked for by the ten thousand.
        let text = path.utf8
        func slash(after start: String.Index) -> String.Index? { text[start...].firstIndex(of: UInt8(ascii: "/")) }
        guard let first = slash(after: text.startIndex) else { return nil }
        let tableStart = text.index(after: first)
        guard let second = slash(after: tableStart) else { return nil }
        let table = path[tableStart..<second]
        guard table == "conf" || table == "neigh" else { return nil }
        let deviceStart = text.index(after: second)
        guard let third = slash(after: deviceStart) else { return nil }
        let name = path[deviceStart..<third]
        guard name != "all", name != "default", let device = InterfaceName(name) else { return nil }
        return (path[..<first], table, device, path[text.index(after: third)...])
    }
}

extension Sysctl: NetworkObject {
    public static var kindName: String { "sysctl" }

    public var identity: String { path }

    /// Nil for a setting of the whole namespace, which has to be written before the links exist so that they start with it.
    public var link: InterfaceName? { linkSetting?.device }

    public func differences(from found: Sysctl) -> [AttributeDifference] {
        [AttributeDifference(attributeName, value, found.value)].compactMap { $0 }
    }

    /// What a difference of its value is told by: of a link's setting its name, with the table where several have one of that name;
    /// of the namespace's its whole name as sysctl(8) has it.
    public var attributeName: AttributeName {
        guard let parts = linkSetting else { return AttributeName(dotted) }
        switch (parts.family, parts.table) {
        case ("ipv4", "conf"): return AttributeName(String(parts.name))
        case ("ipv6", "conf") where !Self.sharedNames.contains(parts.name): return AttributeName(String(parts.name))
        case (let family, "conf"): return AttributeName("\(parts.name) (\(family))")
        default: return AttributeName("\(parts.name) (\(parts.family) \(parts.table))")
        }
    }

    /// What is a setting of a link's IPv4 and, apart from that, of its IPv6.
    private static let sharedNames: Set<Substring> = [
        "accept_redirects", "accept_source_route", "disable_policy", "drop_unicast_in_l2_multicast", "forwarding",
        "ignore_routes_with_linkdown", "mc_forwarding",
    ]

    private var dotted: String { "net.\(path.map { $0 == "/" ? "." : String($0) }.joined())" }
}

extension Sysctl: CustomStringConvertible {
    /// As sysctl(8) writes it.
    public var description: String { "\(dotted) = \(value)" }
}
