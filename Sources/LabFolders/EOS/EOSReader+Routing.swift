import Addresses
import Topology

/// The routing protocols (EOS User Manual, "Border Gateway Protocol" and "Open Shortest Path First").
extension EOSReader {
    /// Enters `router bgp` or `router ospf`.
    mutating func enterRouting(_ command: EOSCommand) -> Bool {
        if command.isNegated { return false }
        let kind: EOSConfiguration.RoutingProtocol.Kind
        let name: String
        if command.arguments(after: "router bgp") != nil {
            (kind, name) = (.bgp, "BGP")
        } else if command.arguments(after: "router ospf") != nil {
            (kind, name) = (.ospf, "OSPF")
        } else {
            return false
        }
        var routing = EOSConfiguration.RoutingProtocol(kind: kind, place: command.place)
        if kind == .bgp { routing.autonomousSystem = command.words.dropFirst(2).first.map(String.init) }
        configuration.protocols.append(routing)
        warn(
            command, "\(name) is not supported: it is not run, and the routes that it would bring are static ones here")
        return true
    }

    /// Reads a command in the mode of a routing protocol, or in one inside of it.
    ///
    /// - Returns: false if the command belongs to no protocol, and so ends the mode.
    mutating func readRoutingCommand(_ command: EOSCommand) -> Bool {
        guard command.isIndented || Self.routingWords.contains(command.words[0].lowercased()) else { return false }
        guard !command.isNegated, let last = configuration.protocols.indices.last else { return true }
        if let arguments = command.arguments(after: "nei|ghbor") {
            guard let neighbor = arguments.first.flatMap({ IPAddress($0) }) else {
                // A group of neighbours.
                if arguments.contains("default-originate") { configuration.protocols[last].originatesDefault = true }
                return true
            }
            let known = configuration.protocols[last].neighbors
            if !known.contains(neighbor), known.count < 1000 {
                configuration.protocols[last].neighbors.append(neighbor)
            }
            if arguments.contains("default-originate") { configuration.protocols[last].originatesDefault = true }
        } else if let arguments = command.arguments(after: "net|work") {
            if let prefix = Self.network(arguments), configuration.protocols[last].networks.count < 1000 {
                configuration.protocols[last].networks.append(prefix)
            }
        } else if let arguments = command.arguments(after: "redi|stribute") {
            if EOSCommand.isKeyword(arguments.first ?? "", "conn|ected") {
                configuration.protocols[last].redistributesConnected = true
            } else if EOSCommand.isKeyword(arguments.first ?? "", "stat|ic") {
                configuration.protocols[last].redistributesStatic = true
            }
        } else if let arguments = command.arguments(after: "bgp listen range") {
            if let prefix = arguments.first.flatMap({ InterfaceAddress($0)?.prefix }) {
                configuration.protocols[last].listenRanges.append(prefix)
            }
        } else if let arguments = command.arguments(after: "max|imum-paths") {
            if let number = arguments.first.flatMap({ Int($0) }), (1...Router.mostPaths).contains(number) {
                configuration.protocols[last].maximumPaths = number
            }
        } else if command.arguments(after: "default-information originate") != nil {
            configuration.protocols[last].originatesDefault = true
        }
        return true
    }

    // MARK: Lines that are kept

    /// The most lines that are kept.
    private static let mostLines = 2000

    /// Keeps a line of a protocol's, for those who ask for the configuration.
    mutating func keep(_ line: Substring) {
        let text = String(line.filter { $0 != "\r" })
        guard Router.isProtocolLine(text), configuration.protocolLines.count < Self.mostLines else { return }
        // A configuration may leave the indent out.
        let isHead = ["router ", "interface ", "ip virtual-router "].contains { text.hasPrefix($0) }
        configuration.protocolLines.append(isHead || text.first == " " ? text : "   \(text)")
    }

    /// Keeps a line about a protocol that stands with interfaces.
    mutating func keep(_ line: String, of indices: [Int]) {
        for index in indices {
            keep("interface \(configuration.interfaces[index].name)"[...])
            keep("   \(line)"[...])
        }
    }

    /// `10.0.0.0/24`, `10.0.0.0 mask 255.255.255.0`, or OSPF's `10.0.0.0 0.0.0.255` and `10.0.0.0/24`.
    private static func network(_ words: ArraySlice<Substring>) -> Prefix? {
        guard let first = words.first else { return nil }
        if let address = InterfaceAddress(first) { return address.prefix }
        guard let address = IPAddress(first) else { return nil }
        let rest = words.dropFirst().drop { $0 == "mask" }
        guard let mask = rest.first.flatMap({ IPv4Address($0) }) else { return address.hostPrefix }
        guard let length = mask.prefixLength ?? IPv4Address(~mask.value).prefixLength else { return nil }
        // A wildcard of zeros is one host; a mask of zeros is everything. Both are written 0.0.0.0.
        let isWildcard = words.dropFirst().first != "mask" && mask.prefixLength == 0
        return Prefix(address, length: isWildcard ? 32 : length)
    }

    private static let routingWords: Set<String> = [
        "neighbor", "network", "redistribute", "router-id", "maximum-paths", "address-family", "bgp", "timers",
        "distance", "passive-interface", "area", "max-lsa", "update", "aggregate-address", "graceful-restart",
        "default-information", "log-adjacency-changes", "vlan-aware-bundle", "rd", "route-target", "point-to-point",
    ]
}
