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
    /// What a topology cannot say of its lines, in order.
    private(set) var unmodelled: [SourceLine] = []

    typealias Line = ContainerlabTopology.ExecLine

    /// What a machine has, and what it runs.
    struct Configured: Sendable {
        /// What it has in the end, as far as its lines say.
        var host: LinuxHost
        /// What it has when its commands begin.
        var before: LinuxHost
        /// What runs inside; nothing where a topology can say all that its lines do.
        var commands: [HostCommand] = []
        /// For each command the moment that it is for.
        var moments: [ContainerlabStage.Moment] = []
    }

    /// What lines make of the machine. If a topology can say what each of them does, they are done; if it cannot say one, all run
    /// inside, in their order: what a line does may depend on each that ran before.
    func configured(settings: [Line], _ lines: [Line], _ diagnostics: inout Diagnostics) -> Configured {
        var noticed = Diagnostics()
        var before = self
        for line in settings { before.run(line.text, &noticed) }
        // A setting that a kernel may not have is a line as any other.
        let hasAllSettings = before.unmodelled.isEmpty
        if !hasAllSettings { (before, noticed) = (self, Diagnostics()) }
        var host = before
        let lines = hasAllSettings ? lines : settings + lines
        var modelled = noticed
        for line in lines { host.run(line.text, &modelled) }
        if host.unmodelled.isEmpty {
            diagnostics.add(modelled.warnings)
            return Configured(host: host, before: host)
        }
        diagnostics.add(noticed.warnings)
        var configured = Configured(host: host, before: before)
        for line in lines {
            guard let command = command(of: line.text, &diagnostics) else { continue }
            guard configured.commands.count < HostCommand.maximumCount else {
                diagnostics.warn(
                    at: line.text.place,
                    "\(name) has more than \(HostCommand.maximumCount) lines; the others are left out")
                break
            }
            configured.commands.append(command)
            configured.moments.append(line.moment)
        }
        return configured
    }

    /// A line's words; notes a line that has none.
    private func words(of line: Located<String>, _ diagnostics: inout Diagnostics) -> CommandWords? {
        let command: CommandWords
        do {
            command = try CommandWords(line.value)
        } catch {
            if error == .unclosedQuote {
                diagnostics.warn(at: line.place, "a quote is not closed; the line is skipped")
            }
            return nil
        }
        if command.words.contains(where: { $0.utf8.contains(0) }) {
            diagnostics.warn(at: line.place, "a word of a command holds a zero byte; the line is skipped")
            return nil
        }
        return command
    }

    /// A line as a command that runs inside.
    private func command(of line: Located<String>, _ diagnostics: inout Diagnostics) -> HostCommand? {
        guard let command = words(of: line, &diagnostics) else { return nil }
        do throws(CommandRefusal) {
            _ = try NetworkCommand(command)
        } catch {
            if case .notNetwork(let sentence) = error {
                diagnostics.warn(at: line.place, "\(name): \(command.words.joined(separator: " ")): \(sentence)")
                return nil
            }
        }
        if let character = command.metacharacter {
            diagnostics.warn(
                at: line.place,
                "\(name): \"\(character == "\n" ? "\\n" : String(character))\" means nothing without a shell, which containerlab does not start for exec; "
                    + "the program gets it as it stands")
        }
        return HostCommand(command.words, place: "\(line.place)")
    }

    /// Takes one line of `exec`.
    private mutating func run(_ line: Located<String>, _ diagnostics: inout Diagnostics) {
        guard let command = words(of: line, &diagnostics) else { return }
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
            case .settings(let settings):
                for setting in settings {
                    if setting.isEverywhere(on: interfaces.map(\.name)) {
                        sysctls[setting.path] = setting.value
                    } else {
                        unmodelled.append(place)
                    }
                }
            case .address(let change): apply(change, text, at: place, &diagnostics)
            case .route(let change): apply(change, text, at: place, &diagnostics)
            case .link(let change): apply(change, text, at: place, &diagnostics)
            }
        } catch {
            switch error {
            case .other: unmodelled.append(place)
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
            // Further ways to one destination, and several at once.
            if there != nil && change.isFurther || change.hops.count > 1 {
                unmodelled.append(place)
                if there != nil { return }
            }
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
