import Addresses
import Blueprint
import BundledTopologies
import NetworkObjects
import Testing
import Topology

@testable import Engine

/// A lab against what its namespaces hold, without a kernel: what is said of each deviation.
@Suite("Comparing a lab with what is there")
struct ComparisonTests {
    private let blueprint: Blueprint
    private let node: Int

    init() throws {
        let topology = try #require(BundledTopology.named("two-vlans")).topology()
        blueprint = try Blueprint(
            topology: topology, features: KernelFeatures.complete)
        node = try #require(blueprint.namespaces.firstIndex { $0.kind == .node && !$0.content.forwarding.isEmpty })
    }

    private var name: String { blueprint.namespaces[node].name }
    private var content: NamespaceContent { blueprint.namespaces[node].content }

    /// What the kernel has when all is as it should be, but for what `change` makes of the node.
    private func seen(_ change: (inout NamespaceContent) -> Void) -> [NamespaceSnapshot?] {
        blueprint.namespaces.enumerated().map { index, namespace in
            var content = namespace.content.whole(lab: blueprint.lab)
            var indices: [InterfaceName: Int32] = [:]
            for (number, link) in content.links.enumerated() { indices[link.name] = Int32(number + 1) }
            if index == node { change(&content) }
            var observed = NamespaceSnapshot()
            observed.content = content
            for link in content.links {
                observed.links[link.name] = ObservedLink(
                    index: indices[link.name] ?? 99, link: link, operationalState: .up, hasCarrier: true,
                    lowerIndex: Self.farIndex(of: link, blueprint))
            }
            return observed
        }
    }

    /// The number that the other end of a veth has in `seen`.
    private static func farIndex(of link: Link, _ blueprint: Blueprint) -> Int32? {
        guard case .veth(let peer?) = link.kind,
            let other = blueprint.namespaces.first(where: { $0.name == peer.namespace }),
            let position = other.content.links.firstIndex(where: { $0.name == peer.name })
        else { return nil }
        return Int32(position + 1)
    }

    private func compare(
        former: PreviousState? = nil, _ change: (inout NamespaceContent) -> Void
    ) -> LabDiff {
        LabDiff(
            blueprint, seen(change), tables: blueprint.namespaces.map { _ in [] },
            former: former ?? PreviousState(blueprint))
    }

    private func told(strict: Bool = false, _ change: (inout NamespaceContent) -> Void) -> [String] {
        compare(change).differences(strict: strict).map(\.description)
    }

    @Test("nothing, where all is as it should be")
    func same() { #expect(told(strict: true) { _ in } == []) }

    @Test("an object of each kind that is missing is named, and it alone")
    func missing() throws {
        let neighbour = try #require(content.neighbours.first)
        #expect(told { $0.neighbours.removeFirst() } == ["\(name): neighbour \(neighbour): missing"])
        let entry = try #require(content.forwarding.first)
        #expect(told { $0.forwarding.removeFirst() } == ["\(name): fdb \(entry): missing"])
        let route = try #require(content.routes.last)
        #expect(told { $0.routes.removeLast() } == ["\(name): route \(route): missing"])
        let setting = try #require(content.sysctls.first)
        let drifted = told { $0.sysctls[0] = Sysctl(setting.path, "7") }
        #expect(drifted.count == 1 && drifted[0].contains("want \(setting.value), found 7"))
    }

    @Test("a link that is gone is told without the routes, neighbours and entries that went with it")
    func implied() throws {
        let tunnel = try #require(content.links.first { if case .vxlan = $0.kind { true } else { false } }?.name)
        let differences = told { content in
            content.links.removeAll { $0.name == tunnel }
            content.addresses.removeAll { $0.device == tunnel }
            content.routes.removeAll { $0.device == tunnel }
            content.neighbours.removeAll { $0.device == tunnel }
            content.forwarding.removeAll { $0.device == tunnel }
        }
        #expect(differences.count == 1 && differences[0].hasPrefix("\(name): link \(tunnel)"), "\(differences)")
        #expect(differences.first?.hasSuffix(": missing") == true)
    }

    @Test("an attribute that is another is named with both values")
    func attribute() throws {
        let position = try #require(content.links.firstIndex { $0.name == "eth1" })
        let mtu = content.links[position].mtu ?? 1500
        let differences = told { $0.links[position].mtu = 1400 }
        #expect(differences.count == 1 && differences[0].contains("mtu: want \(mtu), found 1400"), "\(differences)")
    }

    @Test("what a user adds beside the lab counts with strict alone; what takes the lab's packets counts always")
    func additions() throws {
        let beside = Route(Prefix("203.0.113.0/24")!, .blackhole)
        #expect(told { $0.routes.append(beside) } == [])
        #expect(told(strict: true) { $0.routes.append(beside) } == ["\(name): route \(beside): added"])
        // More special than a route of the lab's.
        let block = try #require(content.routes.first { $0.destination.family == .ipv4 && $0.destination.length == 26 })
        let inside = Route(Prefix(block.destination.address, length: 32), .blackhole)
        #expect(told { $0.routes.append(inside) } == ["\(name): route \(inside): extra"])
        let address = DeviceAddress("eth1", InterfaceAddress("203.0.113.1/24")!)
        #expect(told { $0.addresses.append(address) } == [])
        // An address that somebody else in the lab has.
        let other = try #require(blueprint.namespaces.first { $0.kind == .pod }?.content.addresses.first)
        let stolen = DeviceAddress("eth1", InterfaceAddress(other.address.address, prefixLength: 32))
        let found = told { $0.addresses.append(stolen) }
        #expect(found.count == 1 && found[0].hasSuffix(": extra"), "\(found)")
        let entry = ForwardingEntry(
            "vxlan.calico", MACAddress("02:00:00:00:00:01")!, destination: IPAddress("10.0.0.1"))
        #expect(told { $0.forwarding.append(entry) }.map { $0.hasSuffix(": extra") } == [true])
    }

    @Test("a namespace that is gone is told, and nothing of what was in it")
    func gone() {
        var all = seen { _ in }
        all[node] = nil
        let comparison = LabDiff(
            blueprint, all, tables: blueprint.namespaces.map { _ in [] }, former: PreviousState(blueprint))
        let told = comparison.differences(strict: false).map(\.description)
        #expect(told.contains("\(name): namespace \(blueprint.lab)-\(name): missing"))
        #expect(told.filter { $0.hasPrefix("\(name): ") }.count == 1, "\(told)")
    }

    @Test(
        "what the lab had before its topology was edited is the lab's; after a change that was cut short everything is")
    func former() {
        let old = Route(Prefix("203.0.113.0/24")!, .blackhole)
        let identity = KernelObject(old).identity
        for former in [PreviousState.known([name: [identity]]), .unknown] {
            let differences = compare(former: former) { $0.routes.append(old) }.differences(strict: false)
            #expect(differences.map(\.finding) == [.extra])
        }
    }
}
