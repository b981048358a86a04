import Addresses
import YAML

/// Routers, nodes and hosts.
extension NativeWriter {
    mutating func router(_ router: Router) {
        let isEmpty = router == Router(name: router.name)
        line(1, YAMLWriter.scalar(router.name), isEmpty ? "{}" : nil)
        if router.hostname != router.name { line(2, "hostname", YAMLWriter.scalar(router.hostname)) }
        if !router.vlans.isEmpty { line(2, "vlans") }
        for vlan in router.vlans {
            var fields: [(String, String)] = []
            if let name = vlan.name { fields.append(("name", YAMLWriter.scalar(name))) }
            if !vlan.addresses.isEmpty { fields.append(("addresses", YAMLWriter.list(vlan.addresses))) }
            if let mtu = vlan.mtu { fields.append(("mtu", "\(mtu)")) }
            if vlan.isShutdown { fields.append(("shutdown", "true")) }
            if let description = vlan.description { fields.append(("description", YAMLWriter.scalar(description))) }
            line(3, "\(vlan.id)", YAMLWriter.flow(fields))
        }
        ports(router)
        if !router.loopbacks.isEmpty { line(2, "loopbacks") }
        for loopback in router.loopbacks {
            let addresses = YAMLWriter.list(loopback.addresses)
            let fields = loopback.description.map {
                YAMLWriter.flow([("addresses", addresses), ("description", YAMLWriter.scalar($0))])
            }
            line(3, YAMLWriter.scalar(loopback.name), fields ?? addresses)
        }
        if !router.channels.isEmpty { line(2, "channels") }
        for channel in router.channels {
            var fields = channel.description.map { [("description", YAMLWriter.scalar($0))] } ?? []
            if channel.isStatic { fields.append(("static", "true")) }
            line(3, "\(channel.number)", YAMLWriter.flow(fields))
        }
        if !router.protocolLines.isEmpty { line(2, "protocols") }
        for text in router.protocolLines { item(3, YAMLWriter.quoted(text)) }
        routes(router.routes)
        binds(router.binds)
        aliases(router.aliases)
        if router.forwards.count < AddressFamily.allCases.count {
            line(2, "forwards", YAMLWriter.list(router.forwards.sorted()))
        }
        if router.learnsBlocks { line(2, "learnsBlocks", "true") }
        if !router.learnedNodes.isEmpty { line(2, "learnedNodes") }
        for learned in router.learnedNodes {
            let steps = learned.steps == 1 ? [] : [("steps", "\(learned.steps)")]
            item(
                3,
                YAMLWriter.flow(
                    [
                        ("node", YAMLWriter.scalar(learned.node)),
                        ("via", YAMLWriter.scalar(learned.gateway.description)),
                    ]
                        + steps))
        }
        if router.maximumPaths != 1 { line(2, "maximumPaths", "\(router.maximumPaths)") }
    }

    /// Ports that are alike and numbered in a row share a line.
    mutating func ports(_ router: Router) {
        if !router.ports.isEmpty { line(2, "ports") }
        let lines = router.ports.map { portFields($0, Endpoint(router.name, $0.name)) }
        var index = 0
        while index < lines.count {
            var end = index + 1
            if let first = numbered(router.ports[index].name) {
                while end < lines.count, lines[end] == lines[index],
                    router.ports[end].name == first.stem + String(first.number + end - index)
                {
                    end += 1
                }
                if end - index > 1 {
                    let key = "\(first.stem){\(first.number)..\(first.number + end - index - 1)}"
                    line(3, first.stem.isEmpty || !isStem(first.stem) ? YAMLWriter.quoted(key) : key, lines[index])
                    index = end
                    continue
                }
            }
            line(3, YAMLWriter.scalar(router.ports[index].name), lines[index])
            index += 1
        }
    }

    func isStem(_ stem: String) -> Bool { YAMLWriter.scalar(stem + "x") == stem + "x" && !stem.contains(" ") }

    /// `eth7` as `eth` and 7.
    func numbered(_ name: String) -> (stem: String, number: Int)? {
        let digits = String(name.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
        guard digits.count < 9, let number = Int(digits), String(number) == digits else { return nil }
        return (String(name.dropLast(digits.count)), number)
    }

    func portFields(_ port: Router.Port, _ end: Endpoint) -> String {
        var fields: [(String, String)] = []
        switch port.mode {
        case .access(let vlan): fields.append(("access", "\(vlan)"))
        case .trunk(let allowed, let native):
            let ranges = allowed.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            fields.append(("trunk", allowed == [1...4094] ? "all" : "[\(ranges.joined(separator: ", "))]"))
            if let native { fields.append(("native", "\(native)")) }
        case .routed(let addresses, let subinterfaces):
            if !addresses.isEmpty || subinterfaces.isEmpty { fields.append(("addresses", YAMLWriter.list(addresses))) }
            if !subinterfaces.isEmpty {
                let each = subinterfaces.map { subinterface in
                    var fields = [("vlan", "\(subinterface.vlan)")]
                    if !subinterface.addresses.isEmpty {
                        fields.append(("addresses", YAMLWriter.list(subinterface.addresses)))
                    }
                    return ("\(subinterface.number)", YAMLWriter.flow(fields))
                }
                fields.append(("subinterfaces", YAMLWriter.flow(each)))
            }
        }
        fields += connect(end)
        if let mtu = port.mtu { fields.append(("mtu", "\(mtu)")) }
        if port.isShutdown { fields.append(("shutdown", "true")) }
        if let channel = port.channel { fields.append(("channel", "\(channel)")) }
        if let description = port.description { fields.append(("description", YAMLWriter.scalar(description))) }
        return YAMLWriter.flow(fields)
    }

    mutating func node(_ node: Node) {
        line(1, YAMLWriter.scalar(node.name), node == Node(name: node.name) ? "{}" : nil)
        if node.role != .worker { line(2, "role", node.role.rawValue) }
        if !node.labels.isEmpty { line(2, "labels", labels(node.labels)) }
        if node.isTainted != (node.role == .controlPlane) { line(2, "tainted", "\(node.isTainted)") }
        interfaces(node.interfaces, of: node.name)
        routes(node.routes)
        if !node.nodeAddresses.isEmpty { line(2, "nodeAddresses", YAMLWriter.list(node.nodeAddresses)) }
        settings(node.sysctls)
        if let before = node.beforeCommands { self.before(before) }
        commands(node.commands, node.environment)
        binds(node.binds)
        aliases(node.aliases)
    }

    mutating func host(_ host: Host) {
        line(1, YAMLWriter.scalar(host.name), host == Host(name: host.name) ? "{}" : nil)
        if host.hostname != host.name { line(2, "hostname", YAMLWriter.scalar(host.hostname)) }
        interfaces(host.interfaces, of: host.name)
        routes(host.routes)
        settings(host.sysctls)
        commands(host.commands, host.environment)
        binds(host.binds)
        aliases(host.aliases)
    }

    mutating func before(_ configuration: LinuxConfiguration) {
        line(2, "beforeCommands", configuration == LinuxConfiguration() ? "{}" : nil)
        interfaces(configuration.interfaces, of: nil, depth: 3)
        routes(configuration.routes, depth: 3)
    }

    /// - Parameter device: what has them; nil for one that has written where their cables lead already.
    mutating func interfaces(_ interfaces: [Node.Interface], of device: String?, depth: Int = 2) {
        if !interfaces.isEmpty { line(depth, "interfaces") }
        for interface in interfaces {
            var fields = device.map { connect(Endpoint($0, interface.name)) } ?? []
            switch interface.kind {
            case .cable: break
            case .vlan(let parent, let id):
                fields.append(("vlan", YAMLWriter.flow([("parent", YAMLWriter.scalar(parent)), ("id", "\(id)")])))
            case .bridge: fields.append(("kind", "bridge"))
            case .dummy: fields.append(("kind", "dummy"))
            }
            if !interface.addresses.isEmpty { fields.append(("addresses", YAMLWriter.list(interface.addresses))) }
            if let mtu = interface.mtu { fields.append(("mtu", "\(mtu)")) }
            if let master = interface.master { fields.append(("master", YAMLWriter.scalar(master))) }
            if let address = interface.hardwareAddress {
                fields.append(("mac", YAMLWriter.scalar(address.description)))
            }
            if interface.isShutdown { fields.append(("shutdown", "true")) }
            line(depth + 1, YAMLWriter.scalar(interface.name), YAMLWriter.flow(fields))
        }
    }

    mutating func settings(_ sysctls: [String: String]) {
        if !sysctls.isEmpty { line(2, "sysctls") }
        for (path, value) in sysctls.sorted(by: { $0.key < $1.key }) {
            line(3, YAMLWriter.scalar(path), YAMLWriter.scalar(value))
        }
    }

    mutating func commands(_ commands: [HostCommand], _ environment: [String: String]) {
        if !environment.isEmpty { line(2, "environment") }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            line(3, YAMLWriter.scalar(name), YAMLWriter.scalar(value))
        }
        if !commands.isEmpty { line(2, "commands") }
        for command in commands {
            let words = YAMLWriter.list(command.words)
            if command.place == nil, command.waits.isEmpty {
                item(3, words)
                continue
            }
            var fields = [("run", words)]
            if let place = command.place { fields.append(("from", YAMLWriter.scalar(place))) }
            if !command.waits.isEmpty {
                let waits = command.waits.sorted { $0.key < $1.key }
                fields.append(("after", YAMLWriter.flow(waits.map { (YAMLWriter.scalar($0.key), "\($0.value)") })))
            }
            item(3, YAMLWriter.flow(fields))
        }
    }

    mutating func aliases(_ aliases: [String]) {
        if !aliases.isEmpty { line(2, "aliases", YAMLWriter.list(aliases)) }
    }

    mutating func binds(_ binds: [Bind]) {
        if !binds.isEmpty { line(2, "binds") }
        for bind in binds {
            var fields: [(String, String)] = []
            if let directory = bind.directory { fields.append(("directory", YAMLWriter.scalar(directory))) }
            if !bind.path.isEmpty { fields.append(("path", YAMLWriter.scalar(bind.path))) }
            fields.append(("target", YAMLWriter.scalar(bind.target)))
            if bind.isReadOnly { fields.append(("readOnly", "true")) }
            item(3, YAMLWriter.flow(fields))
        }
    }

    mutating func routes(_ routes: [StaticRoute], depth: Int = 2) {
        if !routes.isEmpty { line(depth, "routes") }
        for route in routes { item(depth + 1, YAMLWriter.scalar(route.text)) }
    }
}
