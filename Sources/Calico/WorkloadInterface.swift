import Addresses

/// The cable between a pod and its node, as Calico's CNI plugin lays it.
public enum WorkloadInterface {
    /// The pod's end.
    public static let podInterface: InterfaceName = "eth0"

    /// The MAC address that every host end has.
    public static let hostMAC = MACAddress(0xeeee_eeee_eeee)

    /// The IPv4 next hop of pods. No interface has it: the host end answers for it by proxy ARP.
    public static let gatewayV4 = IPAddress.v4(IPv4Address(0xa9fe_0101))

    /// The IPv6 next hop of pods: the link-local address that the host end forms of its MAC address.
    public static let gatewayV6 = IPAddress.v6(hostMAC.linkLocalAddress)

    /// The name of the host end: `cali` and the first 11 hexadecimal digits of the SHA-1 of `NAMESPACE.POD`
    /// (`VethNameForWorkload` in libcalico-go/lib/backend/k8s/conversion/workload_endpoint_default.go).
    public static func hostInterface(namespace: String, pod: String) -> InterfaceName {
        let name = "cali" + SHA1.hexDigest("\(namespace).\(pod)").prefix(11)
        guard let interface = InterfaceName(name) else { preconditionFailure("15 letters and digits are a valid name") }
        return interface
    }
}
