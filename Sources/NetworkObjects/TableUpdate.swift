/// What becomes of a table of a network namespace.
public enum TableUpdate: Hashable, Sendable {
    /// It is made where there is none of its name.
    case add(RuleTable)
    /// It takes the place of whatever has its name.
    case replace(RuleTable)
    /// One that is there becomes another of its name, with no more than that takes.
    case change([RuleChange])
    /// It goes.
    case remove(RuleTable.ID)

    /// Whether nothing is changed.
    public var isEmpty: Bool { if case .change(let changes) = self { changes.isEmpty } else { false } }

    /// Whether a table takes the place of another, or goes, so that there must be nothing in between.
    public var isReplacement: Bool {
        switch self {
        case .replace, .remove: true
        case .add, .change: false
        }
    }

    /// The steps in order.
    public var changes: [RuleChange] {
        switch self {
        case .add(let table): table.creation
        // Adding first makes the deletion succeed where there is none.
        case .replace(let table):
            [.addTable(table.id, comment: nil), .deleteTable(table.id)] + table.creation
        case .change(let changes): changes
        case .remove(let id): [.deleteTable(id)]
        }
    }

    /// The same as nft's commands.
    public var commands: String {
        switch self {
        case .add(let table): table.declaration
        case .replace(let table): table.replacement
        case .change(let changes): changes.map(\.commands).joined()
        case .remove(let id): "delete table \(id)\n"
        }
    }
}
