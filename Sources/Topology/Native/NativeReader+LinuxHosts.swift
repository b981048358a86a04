import Addresses
import YAML

/// Hosts, and what they have in common with nodes.
extension NativeReader {
    /// The map of a host.
    mutating func host(_ name: String, _ value: YAMLValue) -> Host {
        let fields = fields(
            value,
            ["hostname", "interfaces", "routes", "sysctls", "commands", "environment", "binds", "aliases"])
        var host = Host(name: name)
        if let hostname = field(fields, "hostname", { $0.text($1, "a host name") }) { host.hostname = hostname }
        _ = field(fields, "interfaces") { reader, value in
            reader.forEachNamed(value) { reader, interface, value in
                host.interfaces.append(reader.interface(Endpoint(name, interface), value))
            }
        }
        host.routes = field(fields, "routes") { $0.routes($1) } ?? []
        host.sysctls = field(fields, "sysctls") { $0.sysctls($1) } ?? [:]
        host.commands = field(fields, "commands") { $0.commands($1) } ?? []
        host.environment = field(fields, "environment") { $0.environment($1) } ?? [:]
        host.binds = field(fields, "binds") { $0.binds($1) } ?? []
        host.aliases = aliases(fields)
        return host
    }

    /// Other names of a router, node or host.
    mutating func aliases(_ fields: Fields) -> [String] {
        list(fields, "aliases", example: "[sidecar]") { $0.text($1, "a name") } ?? []
    }

    /// The map of an interface of a node or host.
    mutating func interface(_ endpoint: Endpoint, _ value: YAMLValue) -> Node.Interface {
        let fields = fields(value, ["connect", "addresses", "mtu", "kind", "vlan", "master", "mac", "shutdown"])
        _ = field(fields, "connect") { $0.connect($1, own: endpoint) }
        var interface = Node.Interface(
            name: endpoint.interface, addresses: field(fields, "addresses") { $0.interfaceAddresses($1) } ?? [],
            mtu: field(fields, "mtu") { $0.mtu($1) })
        enum Kind: String, CaseIterable { case bridge, dummy }
        switch field(fields, "kind", { $0.word($1, "a kind of interface", Kind.self) }) {
        case .bridge?: interface.kind = .bridge
        case .dummy?: interface.kind = .dummy
        case nil: break
        }
        if let vlan = field(fields, "vlan", { $0.vlanOfParent($1) }) {
            if interface.kind != .cable {
                report(fields.mark, "an interface has a kind or a vlan, not both")
            }
            interface.kind = vlan
        }
        if interface.kind != .cable, let connect = fields["connect"] {
            at(.key("connect")) { $0.report(connect.mark, "only the end of a cable is connected") }
        }
        interface.master = field(fields, "master") { $0.text($1, "the name of a bridge") }
        interface.hardwareAddress = field(fields, "mac") { $0.hardwareAddress($1) }
        interface.isShutdown = field(fields, "shutdown") { $0.boolean($1) } ?? false
        return interface
    }

    /// `{ parent: eth1, id: 10 }`.
    private mutating func vlanOfParent(_ value: YAMLValue) -> Node.Interface.Kind? {
        let fields = fields(value, ["parent", "id"])
        let parent = field(fields, "parent") { $0.text($1, "the name of an interface") }
        let id: UInt16? = field(fields, "id") { $0.number($1, "a VLAN", 1...4094) }
        guard let parent, let id else {
            report(value.mark, "a VLAN's interface needs its parent and its number: { parent: eth1, id: 10 }")
            return nil
        }
        return .vlan(parent: parent, id: id)
    }

    /// `ee:ee:ee:ee:ee:ee`.
    mutating func hardwareAddress(_ value: YAMLValue) -> MACAddress? {
        guard let text = text(value, "a MAC address") else { return nil }
        if let address = MACAddress(text) { return address }
        report(value.mark, "\"\(text)\" is not a MAC address, such as 02:00:00:00:00:01")
        return nil
    }

    /// A map of settings below `/proc/sys/net` and their values.
    mutating func sysctls(_ value: YAMLValue) -> [String: String] {
        texts(value, keys: "a setting, such as ipv4/ip_forward") { reader, path, entry in
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count < 2 || parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
                || !["ipv4", "ipv6"].contains(parts[0])
            {
                reader.report(
                    entry.key.mark,
                    "\"\(path)\" is not a setting of a network namespace, such as ipv4/ip_forward or "
                        + "ipv6/conf/all/forwarding")
            }
            return reader.literal(entry.value, "a setting's value")
        }
    }

    /// Text that is somebody else's: braces and words such as on mean nothing in it.
    mutating func literal(_ value: YAMLValue, _ what: String) -> String? {
        if let text = value.text, !value.isNull { return text }
        report(value.mark, "want \(what), found \(value.kindName)")
        return nil
    }

    /// A list of binds, each `{ path: setup.sh, target: /setup.sh, readOnly: true }`.
    mutating func binds(_ value: YAMLValue) -> [Bind] {
        let binds = list(value, example: "[{ path: setup.sh, target: /setup.sh }]") { reader, item -> Bind? in
            let fields = reader.fields(item, ["directory", "path", "target", "readOnly"])
            let directory = reader.field(fields, "directory") { $0.literal($1, "a directory's path") }
            let path = reader.field(fields, "path") { $0.literal($1, "a path") } ?? ""
            guard let target = reader.field(fields, "target", { $0.literal($1, "a path") }) else {
                reader.report(item.mark, "a bind says where it is seen: { path: setup.sh, target: /setup.sh }")
                return nil
            }
            let bind = Bind(
                directory: directory ?? reader.bindDirectories?.own, path: path, target: target,
                isReadOnly: reader.field(fields, "readOnly") { $0.boolean($1) } ?? false)
            if let fault = bind.fault {
                reader.report(item.mark, fault)
            } else if let directory, reader.bindDirectories?.contains(directory) == false {
                reader.report(
                    item.mark, "\(directory) is not the topology's own directory; --allow-bind \(directory) allows it")
            } else {
                return bind
            }
            return nil
        }
        if binds.count > Bind.maximumCount { report(value.mark, "there are \(Bind.maximumCount) binds at most") }
        return binds
    }

    /// A list of commands, each a list of a program and its arguments, or a map with that list under `run`.
    mutating func commands(_ value: YAMLValue) -> [HostCommand] {
        let commands = list(value, example: "[[tc, qdisc, show]]") { reader, item -> HostCommand? in
            let place = "\(reader.file):\(item.mark.line)"
            if case .sequence = item.content { return reader.command(item, at: place) }
            let fields = reader.fields(item, ["run", "from", "after"])
            guard let run = fields["run"] else {
                reader.report(item.mark, "a command needs a program: [tc, qdisc, show]")
                return nil
            }
            var command = reader.at(.key("run")) { $0.command(run, at: place) }
            if let from = reader.field(fields, "from", { $0.literal($1, "a file and a line") }) {
                command?.place = from
            }
            command?.waits = reader.field(fields, "after") { $0.waits($1) } ?? [:]
            return command
        }
        if commands.count > HostCommand.maximumCount {
            report(value.mark, "there are \(HostCommand.maximumCount) commands at most")
        }
        return commands
    }

    private mutating func command(_ value: YAMLValue, at place: String?) -> HostCommand? {
        let words = list(value, example: "[tc, qdisc, show]") { reader, word -> String? in
            reader.literal(word, "a word of a command")
        }
        if words.isEmpty { report(value.mark, "a command needs a program: [tc, qdisc, show]") }
        return words.isEmpty ? nil : HostCommand(words, place: place)
    }

    /// `{ left: 2 }`: how many commands of other nodes and hosts are waited for.
    private mutating func waits(_ value: YAMLValue) -> [String: Int] {
        var waits: [String: Int] = [:]
        forEachNamed(value) { reader, name, value in
            waits[name] = reader.number(value, "how many of its commands are waited for", 1...HostCommand.maximumCount)
        }
        return waits
    }

    /// Variables of an environment.
    mutating func environment(_ value: YAMLValue) -> [String: String] {
        var environment: [String: String] = [:]
        for entry in mapEntries(value) ?? [] {
            guard let name = literal(entry.key, "the name of a variable"), let value = literal(entry.value, "its value")
            else { continue }
            if name.isEmpty || name.contains("=") {
                report(entry.key.mark, "\"\(name)\" is not a name for a variable")
            } else {
                environment[name] = value
            }
        }
        return environment
    }

    /// The interfaces and routes that a node has when its commands begin.
    mutating func configuration(_ value: YAMLValue, of node: String) -> LinuxConfiguration {
        let fields = fields(value, ["interfaces", "routes"])
        var configuration = LinuxConfiguration()
        _ = field(fields, "interfaces") { reader, value in
            reader.forEachNamed(value) { reader, interface, value in
                configuration.interfaces.append(reader.interface(Endpoint(node, interface), value))
            }
        }
        configuration.routes = field(fields, "routes") { $0.routes($1) } ?? []
        return configuration
    }
}
