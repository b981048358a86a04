import Addresses

/// What a router's BGP and OSPF are configured for, and what comes of it: they are not run, but worked out of the lab's
/// files and of the routes in the kernel.
public struct RoutingProtocols: Hashable, Sendable {
    /// The lines of the configuration by section: the head, then what stands below it, as it was written.
    public private(set) var sections: [Section] = []
    public private(set) var bgp: BGP?
    /// Whether OSPF runs, and under which number.
    public private(set) var ospf: OSPF?
    /// The MAC address that was written for the addresses that routers share, as it was written.
    public private(set) var virtualMACAddress: String?
    /// The addresses that are shared with other routers, with the interfaces that have them, in the order of the files.
    public private(set) var virtualAddresses: [VirtualAddress] = []

    /// An address that routers share (`ip virtual-router address`, `ip address virtual`).
    public struct VirtualAddress: Hashable, Sendable {
        /// `Vlan10`
        public var interface: String
        public var address: IPAddress
    }

    /// A part of a configuration.
    public struct Section: Hashable, Sendable {
        /// `router bgp 65001`
        public var head: String
        /// With their indent.
        public var lines: [String]
    }

    /// `router bgp`
    public struct BGP: Hashable, Sendable {
        /// As it was written: `65001`, `1.1`.
        public var autonomousSystem: String
        public var routerID: IPv4Address?
        public var neighbours: [Neighbour] = []
        public var networks: [Prefix] = []
        /// The ranges that neighbours come from without being named.
        public var listenRanges: [Prefix] = []
    }

    /// A router that BGP is spoken with.
    public struct Neighbour: Hashable, Sendable {
        public var address: IPAddress
        public var autonomousSystem: String?
        public var description: String?
        public var isShutdown = false
        /// What is at that address; nil where nothing speaks BGP with this router.
        public var speaker: Speaker?

        init(address: IPAddress) { self.address = address }
    }

    /// What speaks BGP with a router.
    public struct Speaker: Hashable, Sendable {
        public var autonomousSystem: String?
        public var routerID: IPv4Address?

        public init(autonomousSystem: String?, routerID: IPv4Address?) {
            (self.autonomousSystem, self.routerID) = (autonomousSystem, routerID)
        }
    }

    /// `router ospf`
    public struct OSPF: Hashable, Sendable {
        /// The number of its instance.
        public var instance: String
        public var routerID: IPv4Address?
        /// The ranges of the interfaces that it runs on.
        public var networks: [Prefix] = []
        public var neighbours: [OSPFNeighbour] = []
    }

    /// A router that OSPF is spoken with.
    public struct OSPFNeighbour: Hashable, Sendable {
        public var routerID: IPv4Address
        public var address: IPAddress

        public init(routerID: IPv4Address, address: IPAddress) { (self.routerID, self.address) = (routerID, address) }
    }

    public init() {}

    // MARK: Reading

    /// Reads the lines of a configuration that are about routing protocols.
    public init(lines: [String]) {
        for line in lines {
            if line.first != " " {
                // What is said of an interface in several places is one section.
                if !sections.contains(where: { $0.head == line }) { sections.append(Section(head: line, lines: [])) }
                continue
            }
            let index = sections.count - 1
            if index >= 0 { sections[index].lines.append(line) }
        }
        for section in sections { read(section) }
    }

    private mutating func read(_ section: Section) {
        let head = section.head.split(separator: " ").map { $0.lowercased() }
        if head.count == 2, head[0] == "interface" {
            let interface = String(section.head.split(separator: " ")[1])
            for line in section.lines {
                guard let address = Self.virtualAddress(line.split(separator: " ").map { $0.lowercased() }) else {
                    continue
                }
                virtualAddresses.append(VirtualAddress(interface: interface, address: address))
            }
        }
        guard head.count >= 3 else { return }
        if head[1] == "virtual-router" { virtualMACAddress = head.last }
        guard head[0] == "router" else { return }
        let lines = section.lines.map { $0.split(separator: " ").map(String.init) }
        switch head[1] {
        case "bgp" where bgp == nil: bgp = Self.bgp(head[2], lines)
        case "ospf" where ospf == nil:
            var ospf = OSPF(instance: head[2])
            for words in lines where words.count > 1 {
                if words[0] == "router-id" { ospf.routerID = IPv4Address(words[1]) }
                if words[0] == "network", let prefix = Self.network(words) { ospf.networks.append(prefix) }
            }
            self.ospf = ospf
        default: break
        }
    }

    /// The address of `ip virtual-router address 10.0.0.1` and `ipv6 address virtual fd00::1/64`.
    private static func virtualAddress(_ words: [String]) -> IPAddress? {
        guard words.count > 3, [["virtual-router", "address"], ["address", "virtual"]].contains(Array(words[1...2]))
        else { return nil }
        return InterfaceAddress(words[3])?.address ?? IPAddress(words[3])
    }

    private static func bgp(_ number: String, _ lines: [[String]]) -> BGP {
        var bgp = BGP(autonomousSystem: number)
        var groups: [String: Neighbour] = [:]
        var memberships: [(address: IPAddress, group: String)] = []
        for words in lines where words.count > 1 {
            switch words[0] {
            case "router-id": bgp.routerID = IPv4Address(words[1])
            case "network": if let prefix = network(words) { bgp.networks.append(prefix) }
            case "bgp" where words.count > 3 && words[1] == "listen":
                if let range = Prefix(words[3]) { bgp.listenRanges.append(range) }
            case "neighbor" where words.count > 2:
                let rest = Array(words[2...])
                guard let address = IPAddress(words[1]) else {
                    groups[words[1], default: Neighbour(address: .v4(IPv4Address(0)))].take(rest)
                    continue
                }
                if rest.first == "peer", let group = rest.last { memberships.append((address, group)) }
                if !bgp.neighbours.contains(where: { $0.address == address }) {
                    bgp.neighbours.append(Neighbour(address: address))
                }
                for index in bgp.neighbours.indices where bgp.neighbours[index].address == address {
                    bgp.neighbours[index].take(rest)
                }
            default: break
            }
        }
        for (address, name) in memberships {
            guard let group = groups[name] else { continue }
            for index in bgp.neighbours.indices where bgp.neighbours[index].address == address {
                bgp.neighbours[index].autonomousSystem =
                    bgp.neighbours[index].autonomousSystem ?? group.autonomousSystem
                bgp.neighbours[index].description = bgp.neighbours[index].description ?? group.description
            }
        }
        bgp.neighbours.sort { $0.address < $1.address }
        return bgp
    }

    /// `10.0.0.0/24`, `10.0.0.0 mask 255.255.255.0`, `10.0.0.0 0.0.0.255`.
    private static func network(_ words: [String]) -> Prefix? {
        if let address = InterfaceAddress(words[1]), words[1].contains("/") { return address.prefix }
        guard let address = IPAddress(words[1]) else { return nil }
        let mask = words.dropFirst(2).first { $0 != "mask" }.flatMap { IPv4Address($0) }
        guard let mask else { return Prefix(address, length: address.family.bits) }
        let zeros = mask.value.leadingZeroBitCount
        let length = mask.value.nonzeroBitCount == 32 - zeros && zeros > 0 ? zeros : (~mask.value).leadingZeroBitCount
        return Prefix(address, length: length)
    }

    // MARK: Who is there

    /// Whether BGP would take an address for a neighbour's.
    public func speaksBGP(with address: IPAddress) -> Bool {
        guard let bgp else { return false }
        return bgp.neighbours.contains { $0.address == address && !$0.isShutdown }
            || bgp.listenRanges.contains { $0.contains(address) }
    }

    /// Whether OSPF runs on an interface of this name and address.
    public func runsOSPF(_ interface: String, _ address: IPAddress) -> Bool {
        guard let ospf else { return false }
        return ospf.networks.contains { $0.contains(address) }
            || sections.contains { section in
                section.head == "interface \(interface)" && section.lines.contains { $0.contains("ip ospf area") }
            }
    }

    /// Says what is at the neighbours' addresses, and adds those that come from ranges.
    ///
    /// - Parameter speakers: what speaks BGP with this router, by address.
    public mutating func add(speakers: [IPAddress: Speaker]) {
        guard var bgp else { return }
        for address in speakers.keys.sorted()
        where !bgp.neighbours.contains(where: { $0.address == address })
            && bgp.listenRanges.contains(where: { $0.contains(address) })
        {
            bgp.neighbours.append(Neighbour(address: address))
        }
        for index in bgp.neighbours.indices {
            let speaker = speakers[bgp.neighbours[index].address]
            bgp.neighbours[index].speaker = speaker
            bgp.neighbours[index].autonomousSystem =
                bgp.neighbours[index].autonomousSystem ?? speaker?.autonomousSystem
        }
        bgp.neighbours.sort { $0.address < $1.address }
        self.bgp = bgp
    }

    /// Adds the routers that OSPF is spoken with.
    public mutating func add(ospfNeighbours: [OSPFNeighbour]) {
        ospf?.neighbours = ospfNeighbours.sorted { $0.address < $1.address }
    }
}

extension RoutingProtocols.Neighbour {
    /// Takes over what a line says of the neighbour.
    fileprivate mutating func take(_ words: [String]) {
        switch words.first {
        case "remote-as" where words.count > 1: autonomousSystem = words[1]
        case "description": description = words.dropFirst().joined(separator: " ")
        case "shutdown": isShutdown = true
        default: break
        }
    }
}
