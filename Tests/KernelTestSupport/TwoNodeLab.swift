/// A small lab in nslab's own format: two nodes with both families on one VLAN of a router.
public enum TwoNodeLab {
    /// The nodes `a` and `b`, at ports of the router `r`.
    public static let devices = """
        nodes:
          a: { interfaces: { eth1: { connect: "r:eth1", addresses: [10.20.0.11/24, "fd00:20::11/64"] } } }
          b: { interfaces: { eth1: { connect: "r:eth2", addresses: [10.20.0.12/24, "fd00:20::12/64"] } } }
        routers:
          r:
            vlans: { 10: { addresses: [10.20.0.1/24, "fd00:20::1/64"] } }
            ports: { eth1: { access: 10 }, eth2: { access: 10 } }

        """

    /// All of the lab: an IPv4 pool, and a web server on each node with a service.
    public static func yaml(lab: String) -> String {
        """
        lab: \(lab)
        \(devices)cluster:
          pools:
            four: { cidr: 192.168.0.0/16, encapsulation: VXLAN, natOutgoing: true }
          serviceSubnets: [10.96.0.0/16]
        workloads:
          web: { kind: DaemonSet, labels: { app: web }, ports: [8080] }
        services:
          web: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }

        """
    }
}
