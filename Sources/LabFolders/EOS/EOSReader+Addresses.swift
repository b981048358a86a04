import Addresses

extension EOSReader {
    mutating func readIPv4Address(_ command: EOSCommand, _ arguments: ArraySlice<Substring>, _ indices: [Int]) {
        if command.isNegated {
            for index in indices {
                if arguments.isEmpty {
                    configuration.interfaces[index].addresses.removeAll { $0.family == .ipv4 }
                } else if let address = Self.address(arguments)?.address {
                    configuration.interfaces[index].addresses.removeAll { $0 == address }
                }
            }
            return
        }
        if arguments.first == "virtual" {
            return readVirtualAddress(command, arguments.dropFirst(), indices)
        }
        if arguments.first == "dhcp" {
            return warn(command, "there is no DHCP server in a lab; the interface gets no address")
        }
        guard let (address, rest) = Self.address(arguments), address.family == .ipv4 else {
            return warn(command, "\(arguments.joined(separator: " ")) is not an IPv4 address with a prefix length")
        }
        for index in indices {
            // A second primary address takes the first one's place.
            if rest.first != "secondary" {
                configuration.interfaces[index].addresses.removeAll { $0.family == .ipv4 && $0 != address }
            }
            add(address, to: index, first: rest.first != "secondary")
        }
    }

    mutating func readIPv6Address(_ command: EOSCommand, _ arguments: ArraySlice<Substring>, _ indices: [Int]) {
        if arguments.first == "virtual", !command.isNegated {
            return readVirtualAddress(command, arguments.dropFirst(), indices)
        }
        guard let text = arguments.first else {
            for index in indices { configuration.interfaces[index].addresses.removeAll { $0.family == .ipv6 } }
            return
        }
        // `ipv6 address fe80::1/64 link-local`, or without a length.
        let isLinkLocal = arguments.dropFirst().first == "link-local"
        let address =
            InterfaceAddress(text)
            ?? (isLinkLocal ? IPAddress(text).map { InterfaceAddress($0, prefixLength: 64) } : nil)
        guard let address, address.family == .ipv6 else {
            return warn(command, "\(text) is not an IPv6 address with a prefix length")
        }
        if arguments.dropFirst().first == "eui-64" {
            return warn(command, "eui-64 is not supported: write the whole address; the line is skipped")
        }
        for index in indices {
            if command.isNegated {
                configuration.interfaces[index].addresses.removeAll { $0 == address }
            } else {
                add(address, to: index, first: false)
            }
        }
    }

    mutating func readVirtualAddress(_ command: EOSCommand, _ arguments: ArraySlice<Substring>, _ indices: [Int]) {
        guard let text = arguments.first, !command.isNegated else { return }
        let parsed = Self.address(arguments)?.address
        guard let address = parsed?.address ?? IPAddress(text) else {
            return warn(command, "\(text) is no address")
        }
        for index in indices {
            configuration.interfaces[index].virtualAddresses.append(
                EOSConfiguration.VirtualAddress(
                    address: address, prefixLength: parsed?.prefixLength, place: command.place))
        }
        // As EOS writes it, whatever was abbreviated.
        let family = address.family == .ipv4 ? "ip" : "ipv6"
        let isOwn = command.arguments(after: "\(family) add|ress") != nil
        let line = isOwn ? "address virtual" : "virtual-router address"
        keep("\(family) \(line) \(parsed.map { "\($0)" } ?? "\(address)")", of: indices)
    }

    private mutating func add(_ address: InterfaceAddress, to index: Int, first: Bool) {
        guard !configuration.interfaces[index].addresses.contains(address) else { return }
        guard configuration.interfaces[index].addresses.count < 1000 else { return }
        configuration.interfaces[index].addresses.insert(
            address, at: first ? 0 : configuration.interfaces[index].addresses.count)
    }

    /// An address with its length, written `10.0.0.1/24` or `10.0.0.1 255.255.255.0`, and the words after it.
    static func address(
        _ words: ArraySlice<Substring>
    ) -> (address: InterfaceAddress, rest: ArraySlice<Substring>)? {
        guard let first = words.first else { return nil }
        if let address = InterfaceAddress(first) { return (address, words.dropFirst()) }
        guard let address = IPv4Address(first), let mask = words.dropFirst().first.flatMap({ IPv4Address($0) }),
            let length = mask.prefixLength
        else { return nil }
        return (InterfaceAddress(.v4(address), prefixLength: length), words.dropFirst(2))
    }

    /// `ip route` and `ipv6 route`: a prefix, then a next hop, an interface, or both, then options.
    mutating func readRoute(_ command: EOSCommand, _ arguments: ArraySlice<Substring>, _ family: AddressFamily) {
        if command.isNegated { return }
        if arguments.first == "vrf" {
            routesInVRFs.append(Located(String(arguments.dropFirst().first ?? ""), at: command.place))
            return
        }
        guard let (destination, rest) = Self.address(arguments), destination.family == family else {
            return warn(command, "\(arguments.first ?? "") is not an \(family) prefix; the route is left out")
        }
        var route = EOSConfiguration.Route(destination: destination.prefix, place: command.place)
        var words = rest
        // The name of an interface may be two words (`Ethernet 1`).
        if let first = words.first, first.first?.isLetter == true, !first.contains(":") {
            if let name = EOSInterfaceName(first), !name.path.isEmpty {
                route.interface = name
                words = words.dropFirst()
            } else if words.count > 1, let name = EOSInterfaceName("\(first) \(words[words.startIndex + 1])") {
                route.interface = name
                words = words.dropFirst(2)
            }
        }
        if let gateway = words.first.flatMap({ IPAddress($0) }) {
            route.gateway = gateway
            words = words.dropFirst()
        }
        guard route.gateway != nil || route.interface != nil else {
            return warn(command, "a next hop or an interface is missing; the route is left out")
        }
        while let word = words.popFirst() {
            switch word {
            case "tag", "name", "metric", "weight": words = words.dropFirst()
            case "track":
                words = words.dropFirst()
                warn(command, "\"track\" is not supported; the route is always there")
            default:
                guard let distance = UInt8(word), distance > 0 else {
                    warn(command, "\"\(word)\" is not known for a route; it is skipped")
                    continue
                }
                route.distance = distance
            }
        }
        configuration.routes.append(route)
    }
}

extension IPv4Address {
    /// The prefix length that this address stands for as a mask; nil if its set bits are not the leading ones.
    var prefixLength: Int? {
        let length = (~value).leadingZeroBitCount
        return length == 32 || value << UInt32(length) == 0 ? length : nil
    }
}
