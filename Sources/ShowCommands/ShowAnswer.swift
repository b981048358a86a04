/// What a router answers to a `show` command.
public struct ShowAnswer: Sendable {
    private let answer: any RouterAnswer

    /// Answers a command from a router's tables.
    public init(_ command: ShowCommand, _ tables: RouterTables) {
        answer = Self.answer(command.question, tables)
    }

    /// The answer as EOS lays it out.
    public var text: String { answer.text }

    /// The answer as `| json` has it, with EOS' keys; nil for one that has no such form.
    public var json: JSONValue? { answer.json }

    /// The answer as a document of nslab's own; nil for one that has none.
    public var document: (any Encodable)? { answer as? any Encodable }

    /// The answer of a kind, for whoever looks at its values; nil for another.
    public func `as`<Answer>(_ kind: Answer.Type) -> Answer? { answer as? Answer }

    private static func answer(_ question: ShowCommand.Question, _ tables: RouterTables) -> any RouterAnswer {
        switch question {
        case .interfaceBrief(let family, let names): InterfaceBrief(tables, family, names)
        case .ipInterfaces(let family, let names): IPInterfaces(tables, family, names)
        case .interfaces(let names): InterfaceDetails(tables, names)
        case .interfaceStatus(let names, let status): InterfaceStatus(tables, names, status)
        case .interfaceDescriptions(let names): InterfaceDescriptions(tables, names)
        case .interfaceCounters(let counters, let names): InterfaceCounters(tables, counters, names)
        case .interfaceRates(let names): InterfaceRates(tables, names)
        case .trunks(let names): TrunkList(tables, names)
        case .switchports(let names): SwitchportList(tables, names)
        case .portChannels(let form): PortChannelList(tables, form)
        case .routes(let family, let filter): RouteList(tables, family, filter)
        case .routeSummary(let family): RouteSummary(tables, family)
        case .vlans(let numbers, let isConfigured): VLANList(tables, only: numbers, isConfigured: isConfigured)
        case .macAddressTable(let filter): MACAddressTable(tables, filter)
        case .neighbours(let family, let filter): NeighbourTable(tables, family, filter)
        case .lldpNeighbours(let names): LLDPNeighbours(tables, names)
        case .spanningTree: SpanningTree(tables)
        case .virtualRouters: VirtualRouters(tables)
        case .vrfs: VRFList(tables)
        case .version: Version(tables)
        case .hostname: Hostname(tables)
        case .clock: Clock(tables)
        case .uptime: Uptime(tables)
        case .runningConfig(let section): RunningConfig(tables, section)
        case .bgpSummary(let family): BGPSummary(tables, family)
        case .bgpNeighbours(let address, let family): BGPNeighbours(tables, address, family)
        case .bgpRoutes(let family, let prefix): BGPRoutes(tables, family, prefix)
        case .ospfNeighbours: OSPFNeighbours(tables)
        }
    }
}

/// What a router says of one thing: EOS' layout, and EOS' document.
protocol RouterAnswer: Sendable {
    var text: String { get }
    var json: JSONValue? { get }
}
