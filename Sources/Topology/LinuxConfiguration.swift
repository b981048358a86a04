/// What a machine on plain Linux has of interfaces and routes.
public struct LinuxConfiguration: Hashable, Sendable {
    public var interfaces: [Node.Interface]
    public var routes: [StaticRoute]

    public init(interfaces: [Node.Interface] = [], routes: [StaticRoute] = []) {
        self.interfaces = interfaces
        self.routes = routes
    }
}
