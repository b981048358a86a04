/// A machine on the network that is no part of the cluster: a client, a server, a router on plain Linux.
public struct Host: Hashable, Sendable {
    /// Its name in the topology: a DNS label.
    public var name: String
    /// The host name that it says of itself.
    public var hostname: String
    public var interfaces: [Node.Interface]
    public var routes: [StaticRoute]
    /// Kernel settings by their path below `/proc/sys/net`, such as `ipv4/ip_forward`.
    public var sysctls: [String: String]
    /// Commands that run inside once the network is up, one after the other.
    public var commands: [HostCommand]
    /// Variables of the environment that its commands have.
    public var environment: [String: String] = [:]
    /// What it sees of the machine's files at places of its choice.
    public var binds: [Bind] = []
    /// Other names that mean it: of machines that live in its network namespace.
    public var aliases: [String] = []

    /// A host of these parts.
    public init(
        name: String, hostname: String? = nil, interfaces: [Node.Interface] = [], routes: [StaticRoute] = [],
        sysctls: [String: String] = [:], commands: [HostCommand] = []
    ) {
        self.name = name
        self.hostname = hostname ?? name
        self.interfaces = interfaces
        self.routes = routes
        self.sysctls = sysctls
        self.commands = commands
    }
}
