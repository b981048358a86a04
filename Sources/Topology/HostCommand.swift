/// A command that runs in a node or host once the network is up.
public struct HostCommand: Hashable, Sendable {
    /// The program and its arguments, without a shell.
    public var words: [String]
    /// Where it was written: `FILE:LINE`; nil where that is not known.
    public var place: String?
    /// What has to be over before it begins: by node or host, how many of its commands.
    public var waits: [String: Int]

    /// A command.
    public init(_ words: [String], place: String? = nil, waits: [String: Int] = [:]) {
        self.words = words
        self.place = place
        self.waits = waits
    }

    /// The most of one node or host.
    public static let maximumCount = 1000

    /// The command in one line, cut where it is long.
    public var text: String {
        let text = words.joined(separator: " ")
        return text.count > 200 ? text.prefix(200) + "…" : text
    }
}
