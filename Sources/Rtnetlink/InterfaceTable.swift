import Addresses
import NetworkObjects

/// The names and numbers of one namespace's links. The kernel's messages speak of numbers, everything above of names.
public struct InterfaceTable: Sendable {
    private var indices: [InterfaceName: InterfaceIndex] = ["lo": 1]
    private var names: [InterfaceIndex: InterfaceName] = [1: "lo"]
    /// Numbers below this one are left to the kernel: where tunnel modules are loaded, each new namespace has a fallback
    /// device of each of them (`tunl0`, `sit0`, `gre0`; `net.core.fb_tunnels_only_for_init_net`), which take the lowest.
    private var highest: InterfaceIndex = 15

    /// The table of a namespace that holds `lo` alone.
    public init() {}

    /// The number of the link with this name.
    public subscript(name: InterfaceName) -> InterfaceIndex? { indices[name] }

    /// The name of the link with this number.
    public subscript(index: InterfaceIndex) -> InterfaceName? { names[index] }

    /// Enters a link that the kernel has.
    public mutating func insert(_ name: InterfaceName, _ index: InterfaceIndex) {
        indices[name] = index
        names[index] = name
        // A number that someone chose far up says nothing of those below it.
        if index < Self.limit { highest = max(highest, index) }
    }

    /// Forgets a link that is gone. Its number is not given to another.
    public mutating func remove(_ name: InterfaceName) {
        if let index = indices.removeValue(forKey: name) { names[index] = nil }
    }

    /// Chooses the number for a link that is about to be created: the one after the highest below 2³⁰, and 16 at least.
    ///
    /// - Returns: the number, or the one the name has already.
    public mutating func assign(_ name: InterfaceName) -> InterfaceIndex {
        if let index = indices[name] { return index }
        var index = highest + 1
        while names[index] != nil { index += 1 }
        insert(name, index)
        return index
    }

    /// Numbers from here on are not counted on from: there is always room above the highest of the others.
    private static let limit: InterfaceIndex = 1 << 30
}
