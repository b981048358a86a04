import NetworkNamespaces

/// What the process may do.
public enum Privilege {
    /// Makes sure that the process may build and read labs, and gives up what that does not take.
    ///
    /// - Parameters:
    ///   - command: what was asked for, as a user types it.
    ///   - keepingAll: whether nothing is given up: for what becomes a command of the user's, whose files an overlay writes with
    ///     the rights that it was made with.
    /// - Throws: `NSLabError` of category `.notPermitted` that names the missing capabilities.
    public static func require(for command: String, keepingAll: Bool = false) throws(NSLabError) {
        let missing = Capabilities.missing()
        guard missing.isEmpty else {
            throw NSLabError(
                "\(command) needs root: \(missing.map(\.name).joined(separator: " and ")) missing; run it with sudo",
                .notPermitted)
        }
        if !keepingAll { try reportingErrors { try Capabilities.dropUnneeded() } }
    }
}
