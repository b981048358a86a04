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
        let parts = path.split(separator: "/", maxSplits: 3)
        guard parts.count == 4, parts[1] == "conf" || parts[1] == "neigh" else { return nil }
        guard parts[2] != "all", parts[2] != "default", let device = InterfaceName(parts[2]) else { return nil }
        return (parts[0], parts[1], device, parts[3])
    }
}

extension Sysctl: NetworkObject {
    public static var kindName: String { "sysctl" }

    public var identity: String { path }

    /// Nil for a setting of the whole namespace, which has to be written before the links exist so that they start with it.
    public var link: InterfaceName? { linkSetting?.device }

    public func differences(from found: Sysctl) -> [AttributeDifference] {
        [AttributeDifference(.value, value, found.value)].compactMap { $0 }
    }
}

extension Sysctl: CustomStringConvertible {
    /// As sysctl(8) writes it.
    public var description: String { "net.\(path.map { $0 == "/" ? "." : String($0) }.joined()) = \(value)" }
}
