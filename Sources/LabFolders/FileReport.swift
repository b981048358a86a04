/// What was taken from a file, and what was not.
public struct FileReport: Hashable, Sendable {
    /// The file's path below the folder.
    public var path: String
    /// What was taken, in a few words each.
    public var taken: [String] = []
    /// What was not, and why.
    public var ignored: [String] = []

    /// A report of a file of which nothing is taken yet.
    public init(path: String) { self.path = path }
}
