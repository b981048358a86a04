import Addresses
import Testing

@testable import Calico

@Suite("Names, MAC addresses and sizes")
struct NamesAndSizesTests {
    @Test("a VTEP's MAC address follows from the node's name")
    func vtep() {
        #expect(VTEP.mac(of: "dual-stack-worker", .ipv6).description == "66:ee:a7:ef:78:65")
        #expect(VTEP.mac(of: "dual-stack-worker2", .ipv6).description == "66:52:6a:03:c1:3b")
        // 66 and the start of: printf dual-stack-worker | sha1sum
        #expect(VTEP.mac(of: "dual-stack-worker", .ipv4).description == "66:9f:32:6d:7b:c8")
        #expect(VTEP.device(.ipv4) == "vxlan.calico")
        #expect(VTEP.device(.ipv6) == "vxlan-v6.calico")
    }

    @Test("a host interface is named by the pod's namespace and name")
    func hostInterface() {
        // printf default.web-0 | sha1sum
        #expect(WorkloadInterface.hostInterface(namespace: "default", pod: "web-0") == "cali0d7763386da")
        #expect(WorkloadInterface.hostMAC.description == "ee:ee:ee:ee:ee:ee")
        #expect(WorkloadInterface.gatewayV4.description == "169.254.1.1")
        #expect(WorkloadInterface.gatewayV6.description == "fe80::ecee:eeff:feee:eeee")
    }

    @Test("pods get the smallest MTU that an encapsulation leaves")
    func mtu() {
        #expect(MTU.pod(tunnels: [(.vxlan, .ipv4), (.vxlan, .ipv6)], underlay: 1500) == 1430)
        #expect(MTU.pod(tunnels: [(.vxlan, .ipv4)], underlay: 1500) == 1450)
        #expect(MTU.pod(tunnels: [(.vxlan, .ipv6)], underlay: 9000) == 8930)
        #expect(MTU.pod(tunnels: [(.ipip, .ipv4)], underlay: 1500) == 1480)
        #expect(MTU.pod(tunnels: [(.ipip, .ipv4), (.vxlan, .ipv6)], underlay: 1500) == 1430)
        #expect(MTU.pod(tunnels: [], underlay: 1500) == 1500)
        #expect(MTU.device(.vxlan, .ipv4, underlay: 1500) == 1450)
        #expect(MTU.device(.vxlan, .ipv6, underlay: 1500) == 1430)
        #expect(MTU.device(.vxlan, .ipv6, underlay: 60) == 0)
        #expect(MTU.device(.ipip, .ipv4, underlay: 1500) == 1480)
    }

    @Test("CrossSubnet tunnels only to nodes outside this node's subnet")
    func crossSubnet() throws {
        let local = try #require(InterfaceAddress("10.10.10.10/24"))
        let (near, far) = try (#require(IPAddress("10.10.10.11")), #require(IPAddress("10.10.20.11")))
        #expect(!Encapsulation.vxlanCrossSubnet.tunnels(to: near, from: local))
        #expect(Encapsulation.vxlanCrossSubnet.tunnels(to: far, from: local))
        #expect(Encapsulation.vxlan.tunnels(to: near, from: local))
        #expect(!Encapsulation.none.tunnels(to: far, from: local))
        #expect(Encapsulation.vxlanCrossSubnet.tunnel == .vxlan && Encapsulation.none.tunnel == nil)
        #expect(Encapsulation.ipip.tunnel == .ipip && Encapsulation.ipipCrossSubnet.tunnel == .ipip)
    }

    @Test("pod names have the form that Kubernetes gives them")
    func podNames() {
        let alphabet = Set("bcdfghjklmnpqrstvwxz2456789")
        let daemon = PodName.daemonSet("multitool", namespace: "default", node: "dual-stack-worker")
        #expect(daemon.hasPrefix("multitool-") && daemon.count == 15)
        #expect(daemon.suffix(5).allSatisfy(alphabet.contains))
        let replica = PodName.deployment("web", namespace: "default", replica: 0)
        let parts = replica.split(separator: "-")
        #expect(parts.count == 3 && parts[0] == "web" && parts[2].count == 5)
        #expect(replica.hasPrefix(PodName.replicaSet(ofDeployment: "web", namespace: "default") + "-"))
        #expect(PodName.statefulSet("db", replica: 2) == "db-2")
    }

    @Test("pod names never change from one build to the next")
    func stableNames() {
        #expect(PodName.daemonSet("multitool", namespace: "default", node: "dual-stack-worker") == "multitool-kj598")
        #expect(PodName.deployment("coredns", namespace: "kube-system", replica: 1) == "coredns-6f7b69f699-jcc7k")
    }

    @Test("another attempt gives another name")
    func attempts() {
        let names = (0..<50).map { PodName.daemonSet("a", namespace: "b", node: "c", attempt: $0) }
        #expect(Set(names).count == 50)
    }

    @Test("a long workload name is cut so that the pod's name is a host name")
    func longNames() {
        let long = String(repeating: "x", count: 70)
        #expect(PodName.daemonSet(long, namespace: "default", node: "n").utf8.count == 63)
        #expect(PodName.deployment(long, namespace: "default", replica: 0).utf8.count == 63)
        #expect(PodName.hostname(ofPod: "web-0") == "web-0")
        #expect(PodName.hostname(ofPod: String(repeating: "y", count: 61) + "-.z") == String(repeating: "y", count: 61))
    }
}
