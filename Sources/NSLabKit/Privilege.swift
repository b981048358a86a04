import NetworkNamespaces

/// What the process may do.
public enum Privilege {
    /// Makes sure that the process may build and read labs, and gives up what that does not take.
    ///
    /// - Parameter command: what was asked for, as a user types it.
    /// - Throws: `NSLabError` of category `.notPermitted` that names the missing capabilities.
    public static func require(for command: String) throws(NSLabError) {
        let missing = Capabilities.missing()
        guard missing.isEmpty else {
            throw NSLabError(
                "\(command) needs root: \(missing.map(\.name).joined(separator: " and ")) missing; run it with sudo",
                .notPermitted)
        }
        try reportingErrors { try Capabilities.dropUnneeded() }
    }
}
