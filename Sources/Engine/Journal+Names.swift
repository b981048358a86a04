import Blueprint

extension Journal {
    /// The namespace that a user means: by its own name, by a prefix that no other shares, or with its kind before it as
    /// in `pod/NAME` and `node/NAME`.
    ///
    /// - Throws: `EngineError.noSuchNamespace`, with the names that a prefix could stand for.
    public func namespace(named name: String) throws(EngineError) -> Entry {
        var wanted = name[...]
        var candidates = namespaces
        if let slash = name.firstIndex(of: "/") {
            let kind = name[..<slash]
            wanted = name[name.index(after: slash)...]
            candidates = candidates.filter { $0.kind == kind }
        }
        if let exact = candidates.first(where: { $0.name == wanted }) { return exact }
        let matches = wanted.isEmpty ? [] : candidates.filter { $0.name.hasPrefix(wanted) }
        if matches.count == 1 { return matches[0] }
        throw .noSuchNamespace(lab: lab, name: name, candidates: matches.map(\.name))
    }
}
