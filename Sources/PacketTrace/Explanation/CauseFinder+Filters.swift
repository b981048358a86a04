import NetworkObjects

/// What drops packets and cannot be followed: it is named where nothing else is found, as what may have dropped them.
extension CauseFinder {
    /// Something that filters where a packet was last seen.
    func filtered(_ hop: TracedHop, _ place: NamespaceTables) throws -> TraceCause? {
        // A frame that left by a cable may be dropped at its other end, before anybody sees it there.
        let end = hop.isOutgoing ? otherEnd(hop.namespace, hop.interface) : nil
        if let cause = try filtered(place, at: hop.interface) { return cause }
        return try end.flatMap { end in try tables(end.namespace).flatMap { try filtered($0, at: end.interface) } }
    }

    /// Something that filters what comes and goes by a link.
    func filtered(_ place: NamespaceTables, at link: String) throws -> TraceCause? {
        func cause(_ object: String) -> TraceCause {
            TraceCause(
                .filter, place.name, object,
                "\(place.name): \(object) may have dropped it; what it does with a packet cannot be followed")
        }
        for filter in try place.otherFilters() where filter.link.map({ "\($0)" == link }) ?? true {
            return cause(filter.words)
        }
        // Tables that see frames, before or beside those that are traced.
        for table in try place.ruleTables() where [.netdev, .bridge, .arp].contains(table.family) {
            for chain in table.chains {
                for rule in chain.rules where rule.refuses {
                    return cause("table \(table.id) chain \(chain.name): \(rule)")
                }
                if chain.hook?.policy == "drop" { return cause("table \(table.id) chain \(chain.name): policy drop") }
            }
        }
        return nil
    }
}
