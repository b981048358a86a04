import Addresses
import Topology

extension CalicoResources {
    /// How a node's address of a family is to be found.
    static func detection(
        _ field: Field, _ family: AddressFamily, _ diagnostics: inout Diagnostics
    ) -> Autodetection.Method? {
        if field["cidrs"].isPresent {
            return .ranges(field["cidrs"].list(&diagnostics).compactMap { $0.prefix(&diagnostics) })
        }
        if let pattern = field["interface"].text(&diagnostics) { return .interface(patterns(pattern)) }
        if let pattern = field["skipInterface"].text(&diagnostics) { return .skipInterface(patterns(pattern)) }
        if let method = field["kubernetes"].text(&diagnostics) {
            if method != "NodeInternalIP" { diagnostics.warn(field["kubernetes"], "\"\(method)\" is not known") }
            return .kubernetes
        }
        if let target = field["canReach"].text(&diagnostics) {
            guard let address = IPAddress(target), address.family == family else {
                diagnostics.warn(
                    field["canReach"], "there is no name server outside of the lab; the first address is taken")
                return .firstFound
            }
            return .canReach(address)
        }
        return field["firstFound"].boolean(&diagnostics) == false ? Autodetection.Method.none : .firstFound
    }

    private static func patterns(_ text: String) -> [String] {
        text.split(separator: ",").map(\.trimmingBlanks).filter { !$0.isEmpty }
    }
}

extension Pool.NodeSelector {
    /// A selector in Calico's language.
    init(selector text: String) throws(LabelExpression.SyntaxError) {
        let expression = try LabelExpression(text)
        self =
            switch expression {
            case .all: .all
            case .not(.all): .nobody
            default: .expression(expression)
            }
    }
}

extension CalicoResources.Autodetection.Method {
    /// The address by which a node is known, among those that it has; nil if none fits.
    ///
    /// - Parameters:
    ///   - node: the node with its interfaces and routes.
    ///   - kubelet: the address of the family that kubelet is to be known by.
    func address(of node: Node, _ family: AddressFamily, kubelet: IPAddress?) -> IPAddress? {
        let candidates = node.interfaces.flatMap { interface in
            interface.addresses.filter { $0.family == family && !$0.address.isLinkLocal }.map { (interface.name, $0) }
        }
        switch self {
        case .none: return nil
        case .firstFound: return candidates.first?.1.address
        case .kubernetes: return kubelet ?? candidates.first?.1.address
        case .ranges(let ranges):
            return candidates.first { candidate in ranges.contains { $0.contains(candidate.1.address) } }?.1.address
        case .interface(let patterns):
            // The first pattern that an interface with an address fits.
            for pattern in patterns {
                if let found = candidates.first(where: { NamePattern(pattern).fits($0.0) }) { return found.1.address }
            }
            return nil
        case .skipInterface(let patterns):
            return candidates.first { name, _ in !patterns.contains { NamePattern($0).fits(name) } }?.1.address
        case .canReach(let target):
            if let near = candidates.first(where: { $0.1.prefix.contains(target) }) { return near.1.address }
            let best = node.routes.filter { $0.destination.contains(target) }.max {
                $0.destination.length < $1.destination.length
            }
            guard case .gateway(let gateway, let interface)? = best?.target else { return candidates.first?.1.address }
            return candidates.first { interface == $0.0 || $0.1.prefix.contains(gateway) }?.1.address
        }
    }
}
