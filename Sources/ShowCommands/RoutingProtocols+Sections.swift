import Addresses

extension RoutingProtocols {
    /// The sections of the configuration.
    var sections: [[String]] {
        var sections: [[String]] = []
        if let bgp {
            var lines = ["router bgp \(bgp.autonomousSystem)", "   router-id \(bgp.routerID)"]
            for neighbour in bgp.neighbours {
                lines.append("   neighbor \(neighbour.address) remote-as \(neighbour.autonomousSystem)")
                if let description = neighbour.description {
                    lines.append("   neighbor \(neighbour.address) description \(description)")
                }
            }
            sections.append(lines)
        }
        return sections
    }
}
