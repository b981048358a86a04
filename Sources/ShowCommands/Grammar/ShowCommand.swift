import Addresses

/// What a `show` command of EOS asks for, and of which of the kernel's tables the answer is made.
public struct ShowCommand: Hashable, Sendable {
    public let question: Question
    public let reads: Set<RouterTable>

    public init(_ question: Question, reads: Set<RouterTable>) { (self.question, self.reads) = (question, reads) }

    /// What is asked.
    public enum Question: Hashable, Sendable {
        case interfaceBrief(AddressFamily, InterfaceNames?)
        case ipInterfaces(AddressFamily, InterfaceNames?)
        case interfaces(InterfaceNames?)
        case interfaceStatus(InterfaceNames?, PortStatus?)
        case interfaceDescriptions(InterfaceNames?)
        case interfaceCounters(Counters, InterfaceNames?)
        case interfaceRates(InterfaceNames?)
        case trunks(InterfaceNames?)
        case switchports(InterfaceNames?)
        case portChannels(PortChannelForm)
        case routes(AddressFamily, RouteList.Filter?)
        case routeSummary(AddressFamily)
        case vlans(VLANNumbers?, isConfigured: Bool)
        case macAddressTable(MACFilter)
        case neighbours(AddressFamily, NeighbourFilter)
        case lldpNeighbours(InterfaceNames?)
        case spanningTree
        case virtualRouters
        case vrfs
        case version
        case hostname
        case clock
        case uptime
        case runningConfig(Section?)
        case bgpSummary(AddressFamily?)
        case bgpNeighbours(IPAddress?, AddressFamily?)
        case bgpRoutes(AddressFamily, Prefix?)
        case ospfNeighbours
    }

    /// What a port is doing (`show interfaces status connected`).
    public enum PortStatus: String, CaseIterable, Hashable, Sendable {
        case connected, notconnect, disabled
        /// Shut by the switch itself, for an error: none ever is here.
        case errdisabled
    }

    /// Which of an interface's counters.
    public enum Counters: Hashable, Sendable {
        case packets, errors, discards
    }

    /// How port channels are told of.
    public enum PortChannelForm: Hashable, Sendable {
        case dense
        /// All, or the one of a number.
        case plain(Int?, isDetailed: Bool)
    }

    /// Which entries of the forwarding table.
    public struct MACFilter: Hashable, Sendable {
        public var vlans: VLANNumbers?
        public var isDynamic: Bool?
        public var address: MACAddress?
        public var interfaces: InterfaceNames?

        /// All that are in these VLANs.
        public init(vlans: VLANNumbers? = nil) { self.vlans = vlans }
    }

    /// Which entries of a neighbour table.
    public struct NeighbourFilter: Hashable, Sendable {
        public var address: IPAddress?
        public var interfaces: InterfaceNames?
        /// Whether the document tells VRFs apart.
        public var isByVRF = false

        /// All.
        public init() {}
    }

    /// Which part of the configuration.
    public enum Section: Hashable, Sendable {
        case interfaces(InterfaceNames)
        /// The sections that an expression is found in.
        case matching(String)
    }

    /// Reads a command of a privileged user's, which asks for something.
    public init(_ text: some StringProtocol) throws(CommandError) {
        guard case .show(let command) = try Grammar.exec.command(text) else {
            throw CommandError(String(text), .unknown, closest: Self.all)
        }
        self = command
    }

    /// The commands that take no value, for completion.
    public static var literals: [String] { Grammar.exec.literals.filter { $0.hasPrefix("show ") } }

    /// The commands as the table has them, with capital letters for values.
    public static var all: [String] { Grammar.exec.syntaxes.filter { $0.hasPrefix("show ") } }
}

/// A table of the kernel's, or of the machine, that an answer is made of.
public enum RouterTable: Hashable, Sendable, CaseIterable {
    case addresses, routes, neighbours, forwarding, vlans, counters
    /// The counters a second ago, for the kernel keeps no rates.
    case earlierCounters
    /// The machine: its kernel, memory, how long it has been up.
    case machine
    /// The links' other ends, in the lab's other namespaces.
    case cables
    /// Who speaks BGP and OSPF with the router, by the lab's files.
    case speakers
}
