import Topology

/// The errors of a file that must have some, as `LINE:COLUMN path`; empty if it has none.
func places(of yaml: String) -> [String] {
    errors(of: yaml).map { "\($0.line):\($0.column) \($0.path)" }
}

/// What the errors of a file say.
func sentences(of yaml: String) -> [String] { errors(of: yaml).map(\.sentence) }

/// The errors of a file.
func errors(of yaml: String) -> [TopologyError] {
    do throws(TopologyErrors) {
        _ = try Topology.read(yaml, file: "lab.yaml")
        return []
    } catch {
        return error.errors
    }
}

/// A small lab that is right, for tests that make one thing of it wrong: they replace a text that stands in it once.
let smallLab = """
    lab: small
    routers:
      r1:
        vlans:
          10: { addresses: [10.1.0.1/24, fd00:1::1/64] }
          20: { addresses: [10.2.0.1/24] }
        ports:
          eth1: { access: 10 }
          eth2: { access: 10 }
          eth3: { trunk: [10, 20], native: 20 }
          eth4: { addresses: [10.3.0.1/24], subinterfaces: { 30: { vlan: 30, addresses: [10.4.0.1/24] } } }
        loopbacks:
          Loopback0: [1.1.1.1/32]
        routes:
          - 10.9.0.0/16 via 10.1.0.11
    nodes:
      cp:
        role: control-plane
        interfaces:
          eth1: { connect: r1:eth1, addresses: [10.1.0.11/24, fd00:1::11/64] }
      w1:
        labels: { disk: ssd }
        interfaces:
          eth1: { connect: r1:eth2, addresses: [10.1.0.12/24, fd00:1::12/64] }
        routes:
          - default via 10.1.0.1 dev eth1
    cluster:
      pools:
        v4: { cidr: 192.168.0.0/16, encapsulation: VXLAN }
        v6: { cidr: fd00:2::/48, blockSize: 122 }
      serviceSubnets: [10.96.0.0/16]
    workloads:
      web: { kind: Deployment, replicas: 2, labels: { app: web } }
      one: { kind: Pod, node: w1, addresses: [192.168.7.7] }

    """

extension String {
    /// This text with one part of it, which stands in it exactly once, replaced.
    func with(_ part: String, as replacement: String) -> String {
        let pieces = split(separator: part, omittingEmptySubsequences: false)
        precondition(pieces.count == 2, "\(part) stands \(pieces.count - 1) times in the text")
        return pieces.joined(separator: replacement)
    }
}
