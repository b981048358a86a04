import Addresses

/// How processes inside a namespace resolve names (resolv.conf(5)).
public struct ResolverConfig: Hashable, Sendable {
    /// The name servers, the first one asked first.
    public var nameservers: [IPAddress]
    /// The domains that are tried after a name.
    public var search: [String]
    /// The resolver's options.
    public var options: [String]

    /// A configuration of these parts.
    public init(nameservers: [IPAddress], search: [String] = [], options: [String] = []) {
        self.nameservers = nameservers
        self.search = search
        self.options = options
    }

    /// The file, its lines in kubelet's order.
    public var text: String {
        var lines: [String] = []
        if !search.isEmpty { lines.append("search " + search.joined(separator: " ")) }
        lines += nameservers.map { "nameserver \($0)" }
        if !options.isEmpty { lines.append("options " + options.joined(separator: " ")) }
        return lines.map { $0 + "\n" }.joined()
    }
}
