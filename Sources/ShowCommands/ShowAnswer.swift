/// What a router answers to a `show` command.
public enum ShowAnswer: Encodable, Sendable {
    case interfaceBrief(InterfaceBrief)
    case interfaceStatus(InterfaceStatus)
    case routes(RouteList)
    case vlans(VLANList)
    case macAddressTable(MACAddressTable)
    case neighbours(NeighbourTable)

    /// Answers a command from a router's tables.
    public init(_ command: ShowCommand, _ tables: RouterTables) {
        self =
            switch command {
            case .interfaceBrief(let family): .interfaceBrief(InterfaceBrief(tables, family))
            case .interfaceStatus: .interfaceStatus(InterfaceStatus(tables))
            case .routes(let family, let filter): .routes(RouteList(tables, family, filter))
            case .vlans(let vlan): .vlans(VLANList(tables, only: vlan))
            case .macAddressTable(let vlan): .macAddressTable(MACAddressTable(tables, only: vlan))
            case .neighbours(let family): .neighbours(NeighbourTable(tables, family))
            }
    }

    /// The answer as EOS lays it out.
    public var text: String {
        switch self {
        case .interfaceBrief(let answer): answer.text
        case .interfaceStatus(let answer): answer.text
        case .routes(let answer): answer.text
        case .vlans(let answer): answer.text
        case .macAddressTable(let answer): answer.text
        case .neighbours(let answer): answer.text
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .interfaceBrief(let answer): try answer.encode(to: encoder)
        case .interfaceStatus(let answer): try answer.encode(to: encoder)
        case .routes(let answer): try answer.encode(to: encoder)
        case .vlans(let answer): try answer.encode(to: encoder)
        case .macAddressTable(let answer): try answer.encode(to: encoder)
        case .neighbours(let answer): try answer.encode(to: encoder)
        }
    }
}
