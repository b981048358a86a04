import Addresses
import NetworkObjects
import Testing
import Topology

@testable import Blueprint

@Suite("MAC addresses of the lab's choice")
struct HardwareAddressTests {
    @Test("each link that carries frames of its own has one, which its names alone decide")
    func chosen() throws {
        let blueprint = try Blueprint(topology: Labs.trunks)
        let links = blueprint.namespaces.flatMap(\.content.links).filter { link in
            switch link.kind {
            case .veth, .bridge, .vlan: true
            default: false
            }
        }
        #expect(!links.isEmpty && links.allSatisfy { $0.mac != nil })
        // 02, and what `printf 'leaf eth1' | sha1sum` begins with.
        let first = try blueprint.content("leaf").links.first { $0.name == "eth1" }
        #expect(first?.mac == MACAddress("02:b1:a5:ca:57:d4"))
        #expect(try Blueprint(topology: Labs.trunks) == blueprint)
    }

    @Test("a lab that was made before they were chosen has the kernel's, but for what never was the kernel's choice")
    func forgotten() throws {
        var blueprint = try Blueprint(topology: Labs.trunks)
        blueprint.forgetChosenHardwareAddresses()
        for link in blueprint.namespaces.flatMap(\.content.links) {
            switch link.kind {
            // Calico says those of its own.
            case .veth: #expect(link.mac == nil || link.mac == MACAddress("ee:ee:ee:ee:ee:ee"))
            case .bridge: #expect(link.mac != nil)
            default: break
            }
        }
    }
}

extension Link {
    /// The link as its topology says it: the ends of cables, and VLANs, without the address that is made of their names.
    var withoutChosenAddress: Link {
        switch kind {
        case .veth where mac.map { $0.value >> 40 == 0x02 } ?? false, .vlan:
            var link = self
            link.mac = nil
            return link
        default: return self
        }
    }
}
