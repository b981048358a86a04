import Addresses
import Topology

/// A machine on plain Linux as its `exec` lines leave it, line by line: a node of the cluster, or a host.
struct LinuxHost: Sendable {
    let name: String
    /// Its interfaces: those with a cable first, as they are when it starts.
    var interfaces: [Node.Interface]
    var routes: [StaticRoute] = []
    /// Kernel settings by their path below `/proc/sys/net`.
    var sysctls: [String: String] = [:]
    /// What is run inside once the network is up.
    var commands: [[String]] = []

    /// Takes one line of `exec`.
    mutating func run(_ line: Located<String>, _ diagnostics: inout Diagnostics) {
        let command: CommandWords
        do {
            command = try CommandWords(line.value)
        } catch {
            if error == .unclosedQuote {
                diagnostics.warn(at: line.place, "a quote is not closed; the line is skipped")
            }
            return
        }
        if command.words.contains(where: { $0.utf8.contains(0) }) {
            return diagnostics.warn(at: line.place, "a word of a command holds a zero byte; the line is skipped")
        }
        for step in Self.steps(of: command) { run(step, at: line.place, &diagnostics) }
    }

    /// The commands of a line: more than one where it is a shell's script that is nothing but commands in a row.
    private static func steps(of command: CommandWords) -> [CommandWords] {
        let program = command.words[0].split(separator: "/").last ?? ""
        guard ["sh", "bash", "ash", "dash"].contains(program), command.words.count == 3,
            ["-c", "-ec", "-ce", "-lc", "-xc"].contains(command.words[1]),
            let steps = CommandWords.simpleCommands(ofScript: command.words[2]),
            // What a topology cannot say needs the shell that was asked for.
            steps.allSatisfy({ step in
                do throws(CommandRefusal) {
                    _ = try NetworkCommand(step)
                    return true
                } catch {
                    if case .other = error { return false }
                    return true
                }
            })
        else { return [command] }
        return steps
    }

    private mutating func run(_ command: CommandWords, at place: SourceLine, _ diagnostics: inout Diagnostics) {
        let text = command.words.joined(separator: " ")
        do throws(CommandRefusal) {
            switch try NetworkCommand(command) {
            case .nothing: break
            case .settings(let settings): for setting in settings { sysctls[setting.path] = setting.value }
            case .address(let change): apply(change, text, at: place, &diagnostics)
            case .route(let change): apply(change, text, at: place, &diagnostics)
            case .link(let change): apply(change, text, at: place, &diagnostics)
            }
        } catch {
            switch error {
            case .other:
                if let character = command.metacharacter {
                    diagnostics.warn(
                        at: place,
                        "\(name): \"\(character == "\n" ? "\\n" : String(character))\" means nothing without a shell, which containerlab does not start for exec; "
                            + "the program gets it as it stands")
                }
                guard commands.count < 1000 else { return }
                commands.append(command.words)
            case .wrong(let sentence): diagnostics.warn(at: place, "\(name): \(text): \(sentence); the line is skipped")
            case .notNetwork(let sentence): diagnostics.warn(at: place, "\(name): \(text): \(sentence)")
            }
        }
    }

    /// The position of an interface; notes a line about one that is not there.
    private func position(_ device: String, _ text: String, at place: SourceLine, _ diagnostics: inout Diagnostics)
        -> Int?
    {
        if let index = interfaces.firstIndex(where: { $0.name == device }) { return index }
        // A container's eth0 is its way to the machine that it runs on, which a lab does not have.
        if device != "eth0", device != "lo" {
            diagnostics.warn(at: place, "\(name): \(text): there is no interface \(device); the line is skipped")
        }
        return nil
    }

    private mutating func apply(
        _ change: NetworkCommand.AddressChange, _ text: String, at place: SourceLine, _ diagnostics: inout Diagnostics
    ) {
        if change.device == "lo", let address = change.address, change.action != .delete {
            return addLoopback(address)
        }
        guard let index = position(change.device, text, at: place, &diagnostics) else { return }
        switch change.action {
        case .add(let replacing):
            guard let address = change.address else { return }
            if interfaces[index].addresses.contains(address) {
                if !replacing { diagnostics.warn(at: place, "\(name): \(text): the address is there already") }
            } else if interfaces[index].addresses.count < 256 {
                interfaces[index].addresses.append(address)
            }
        case .delete:
            interfaces[index].addresses.removeAll { $0 == change.address || $0.address == change.address?.address }
        case .flush:
            interfaces[index].addresses.removeAll { change.family == nil || $0.family == change.family }
        }
    }

    /// An address of `lo`, which is an interface like others once it has one of its own.
    private mutating func addLoopback(_ address: InterfaceAddress) {
        if let index = interfaces.firstIndex(where: { $0.name == "lo" }) {
            if !interfaces[index].addresses.contains(address) { interfaces[index].addresses.append(address) }
        } else {
            interfaces.append(Node.Interface(name: "lo", addresses: [address], kind: .dummy))
        }
    }

    private mutating func apply(
        _ change: NetworkCommand.LinkChange, _ text: String, at place: SourceLine, _ diagnostics: inout Diagnostics
    ) {
        switch change {
        case .add(let link):
            guard DeviceName.isInterface(link.name) else {
                return diagnostics.warn(
                    at: place, "\(name): \(text): \"\(link.name)\" is not a name for an interface; the line is skipped")
            }
            guard !interfaces.contains(where: { $0.name == link.name }), interfaces.count < 256 else {
                return diagnostics.warn(at: place, "\(name): \(text): there is an interface \(link.name) already")
            }
            var interface = Node.Interface(name: link.name)
            switch link.kind {
            case .vlan(let parent, let id):
                guard interfaces.contains(where: { $0.name == parent }) else {
                    return diagnostics.warn(
                        at: place, "\(name): \(text): there is no interface \(parent); the line is skipped")
                }
                interface.kind = .vlan(parent: parent, id: id)
            case .bridge: interface.kind = .bridge
            case .dummy: interface.kind = .dummy
            }
            // A new link is down until it is set up.
            interface.isShutdown = true
            interfaces.append(interface)
            set(link.attributes, at: interfaces.count - 1)
        case .delete(let device):
            guard let index = position(device, text, at: place, &diagnostics) else { return }
            if interfaces[index].kind == .cable {
                interfaces[index].isShutdown = true
                interfaces[index].addresses = []
            } else {
                interfaces.remove(at: index)
            }
        case .set(let device, let attributes):
            guard let index = position(device, text, at: place, &diagnostics) else { return }
            set(attributes, at: index)
        }
    }

    private mutating func set(_ attributes: NetworkCommand.LinkAttributes, at index: Int) {
        if let isUp = attributes.isUp { interfaces[index].isShutdown = !isUp }
        if let mtu = attributes.mtu { interfaces[index].mtu = mtu }
        if let address = attributes.hardwareAddress { interfaces[index].hardwareAddress = address }
        if let master = attributes.master { interfaces[index].master = master }
    }

    private mutating func apply(
        _ change: NetworkCommand.RouteChange, _ text: String, at place: SourceLine, _ diagnostics: inout Diagnostics
    ) {
        func isSame(_ route: StaticRoute) -> Bool {
            route.destination == change.destination
                && (change.metric == nil
                    ? change.action == .delete || route.metric == nil : route.metric == change.metric)
        }
        switch change.action {
        case .flush: routes.removeAll { change.destination == nil || $0.destination == change.destination }
        case .delete: routes.removeAll(where: isSame)
        case .add(let replacing):
            guard let destination = change.destination else { return }
            let there = routes.firstIndex(where: isSame)
            if there != nil, !replacing {
                return diagnostics.warn(at: place, "\(name): \(text): there is a route to \(destination) already")
            }
            guard let target = target(of: change, text, at: place, &diagnostics), routes.count < 1000 else { return }
            let route = StaticRoute(destination, target, metric: change.metric)
            if let there { routes[there] = route } else { routes.append(route) }
        }
    }

    private func target(
        of change: NetworkCommand.RouteChange, _ text: String, at place: SourceLine, _ diagnostics: inout Diagnostics
    ) -> StaticRoute.Target? {
        if change.isBlackhole { return .blackhole }
        if change.hops.count > 1 {
            diagnostics.warn(at: place, "\(name): \(text): only the first next hop is taken")
        }
        guard let hop = change.hops.first else { return nil }
        if let device = hop.device, position(device, text, at: place, &diagnostics) == nil { return nil }
        guard let gateway = hop.gateway else { return hop.device.map { .interface($0) } }
        let isOnLink =
            gateway.isLinkLocal
            || interfaces.contains { interface in
                (hop.device == nil || hop.device == interface.name)
                    && interface.addresses.contains { $0.prefix.contains(gateway) }
            }
        guard isOnLink else {
            diagnostics.warn(
                at: place, "\(name): \(text): the next hop is on no network of its interfaces; the line is skipped")
            return nil
        }
        return .gateway(gateway, interface: hop.device)
    }
}
