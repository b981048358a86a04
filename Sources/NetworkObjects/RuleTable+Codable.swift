/// A table as text: nft's declaration of it, and what a declaration does not say.
extension RuleTable: Codable {
    private enum CodingKeys: String, CodingKey { case declaration, others }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let text = try container.decode(String.self, forKey: .declaration)
        guard var table = RuleListing(text).tables.first else {
            throw DecodingError.dataCorruptedError(
                forKey: .declaration, in: container, debugDescription: "this declares no table")
        }
        table.others = try container.decode([String].self, forKey: .others)
        self = table
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(declaration, forKey: .declaration)
        try container.encode(others, forKey: .others)
    }
}
