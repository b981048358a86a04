import Addresses

extension Link {
    /// The link that this one stands on and goes with.
    ///
    /// Not inlined: the optimiser of Swift 6.3.1 (CopyPropagation) ends the life of `kind` before the switch where it is, and
    /// then refuses its own work.
    public var lower: InterfaceName? {
        @inline(never) get {
            switch kind {
            case .vlan(let vlan): vlan.parent
            case .vxlan(let vxlan): vxlan.device
            default: nil
            }
        }
    }

    /// Whether it goes with one of these links.
    public func stands(on links: Set<InterfaceName>) -> Bool { lower.map(links.contains) ?? false }
}
