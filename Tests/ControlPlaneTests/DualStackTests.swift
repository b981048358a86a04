import Blueprint
import BundledTopologies
import ClusterObjects
import ControlPlane
import Testing
import Topology

@Suite("A cluster's objects")
struct DualStackTests {
    static let machine = ClusterLab.Machine(
        kernelVersion: "6.1.0", osImage: "Debian GNU/Linux 12 (bookworm)", bootID: "b", machineID: "m", processors: 2,
        memory: 8 << 30)

    static func lab(_ topology: Topology, _ documents: ClusterDocuments = ClusterDocuments()) throws -> ClusterLab {
        let placement = try Placement(topology)
        let blueprint = try Blueprint(topology: topology, placement: placement)
        return ClusterLab(
            topology: topology, blueprint: blueprint, placement: placement, documents: documents,
            created: Timestamp(seconds: 1_700_000_000), machine: machine)
    }

    static func dualStack() throws -> ClusterLab {
        let bundled = try #require(BundledTopology.named("dual-stack"))
        return try lab(Topology.read(Array(bundled.yaml.utf8), file: "dual-stack.yaml"))
    }

    private func objects(_ kind: String, _ observed: ClusterObservation = ClusterObservation()) throws -> [JSON] {
        ClusterState(try Self.dualStack(), observed).objects.filter { $0["kind"].text == kind }
    }

    private func named(_ name: String, _ kind: String, _ observed: ClusterObservation = ClusterObservation()) throws
        -> JSON
    {
        try #require(objects(kind, observed).first { $0["metadata"]["name"].text == name })
    }

    @Test("every object is of a kind that is served, and has a name, a uid and a time of its own")
    func wellFormed() throws {
        let all = ClusterState(try Self.dualStack(), ClusterObservation()).objects
        for object in all {
            let kind = try #require(KindTable.clusterWithCalicoAPI.kind(of: object), "\(object["kind"]) is not served")
            #expect(kind.isNamespaced == !object["metadata"]["namespace"].isNull, "\(object["metadata"])")
            #expect(object["metadata"]["name"].text?.isEmpty == false)
            #expect(object["metadata"]["creationTimestamp"] == "2023-11-14T22:13:20Z")
        }
        #expect(Set(all.map { $0["metadata"]["uid"] }).count == all.count)
    }

    @Test("owners that objects name are there")
    func owners() throws {
        let all = ClusterState(try Self.dualStack(), ClusterObservation()).objects
        let uids = Set(all.map { $0["metadata"]["uid"] })
        for object in all {
            for owner in object["metadata"]["ownerReferences"].items { #expect(uids.contains(owner["uid"])) }
        }
    }

    @Test("what kubeadm configures is there, as the lab has it")
    func configuration() throws {
        let proxy = try #require(named("kube-proxy", "ConfigMap")["data"]["config.conf"].text)
        #expect(
            proxy.contains("\nclusterCIDR: 192.168.0.0/16,fd00:10:244::/48\n") && proxy.contains("\nmode: nftables\n"))
        let cluster = try #require(named("kubeadm-config", "ConfigMap")["data"]["ClusterConfiguration"].text)
        #expect(cluster.contains("\n  podSubnet: 192.168.0.0/16,fd00:10:244::/48\n"))
        #expect(cluster.contains("\ncontrolPlaneEndpoint: dual-stack-control-plane:6443\n"))
        let zone = try #require(named("coredns", "ConfigMap")["data"]["Corefile"].text)
        #expect(
            zone.hasPrefix(".:53 {\n    errors\n") && zone.contains("kubernetes cluster.local in-addr.arpa ip6.arpa {"))
    }

    @Test("a node has its addresses, and what calico-node tells of it")
    func nodes() throws {
        let node = try named("dual-stack-worker", "Node")
        #expect(
            node["status"]["addresses"].items.map { $0["address"] } == [
                "10.10.10.11", "fd00:10:10::11", "dual-stack-worker",
            ])
        let annotations = node["metadata"]["annotations"]
        #expect(annotations["projectcalico.org/IPv4Address"] == "10.10.10.11/24")
        #expect(annotations["projectcalico.org/VXLANTunnelMACAddrV6"] == "66:ee:a7:ef:78:65")
        #expect(annotations["projectcalico.org/IPv6VXLANTunnelAddr"] == "fd00:10:244:1b38:1133:7e2c:be1e:4d00")
        let plane = try named("dual-stack-control-plane", "Node")
        #expect(plane["spec"]["taints"][0]["key"] == "node-role.kubernetes.io/control-plane")
    }

    @Test("a DaemonSet's pods are ready, and have the addresses that they were given")
    func daemonSet() throws {
        let set = try named("multitool", "DaemonSet")
        #expect(set["status"]["numberReady"] == 3)
        let pods = try objects("Pod").filter { $0["metadata"]["labels"]["app"] == "multitool" }
        #expect(pods.count == 3)
        for pod in pods {
            #expect(pod["metadata"]["ownerReferences"][0]["uid"] == set["metadata"]["uid"])
            #expect(pod["status"]["podIPs"].items.count == 2)
        }
        #expect(Set(pods.map { $0["status"]["podIP"] }) == ["192.168.77.1", "192.168.183.65", "192.168.207.193"])
    }

    @Test("a Deployment has a ReplicaSet of the hash that is in its pods' names")
    func deployment() throws {
        let set = try #require(objects("ReplicaSet").first { $0["metadata"]["namespace"] == "kube-system" })
        let hash = try #require(set["metadata"]["labels"]["pod-template-hash"].text)
        #expect(set["metadata"]["name"].text == "coredns-\(hash)")
        let pods = try objects("Pod").filter { $0["metadata"]["labels"]["pod-template-hash"].text == hash }
        #expect(pods.count == 2)
        #expect(pods.allSatisfy { $0["metadata"]["name"].text?.hasPrefix("coredns-\(hash)-") == true })
        #expect(try named("coredns", "Deployment")["status"]["readyReplicas"] == 2)
    }

    @Test("a service of two families has an address and a slice of each, and endpoints of the first")
    func services() throws {
        let service = try named("multitool-dual-stack", "Service")
        #expect(service["spec"]["ipFamilies"] == ["IPv4", "IPv6"])
        #expect(service["spec"]["ipFamilyPolicy"] == "RequireDualStack")
        #expect(service["spec"]["clusterIPs"].items.count == 2)
        let slices = try objects("EndpointSlice").filter {
            $0["metadata"]["labels"]["kubernetes.io/service-name"] == "multitool-dual-stack"
        }
        #expect(slices.map { $0["addressType"] } == ["IPv4", "IPv6"])
        #expect(slices.allSatisfy { $0["endpoints"].items.count == 3 })
        let endpoints = try named("multitool-dual-stack", "Endpoints")
        #expect(endpoints["subsets"][0]["addresses"].items.count == 3)
        #expect(endpoints["subsets"][0]["ports"] == [["port": 8080, "protocol": "TCP"]])
        #expect(try named("kubernetes", "Endpoints")["subsets"][0]["addresses"][0]["ip"] == "10.10.10.10")
    }

    @Test("pools and blocks are as Calico keeps them")
    func calico() throws {
        let pool = try named("default-ipv4-ippool", "IPPool")
        #expect(pool["spec"]["vxlanMode"] == "CrossSubnet")
        #expect(pool["spec"]["ipipMode"] == "Never")
        let block = try named("192-168-77-0-26", "IPAMBlock")
        #expect(block["spec"]["affinity"] == "host:dual-stack-worker")
        #expect(block["spec"]["allocations"].items.count == 64)
        let used = block["spec"]["allocations"].items.filter { !$0.isNull }.count
        #expect(used == block["spec"]["attributes"].items.count)
        #expect(block["spec"]["unallocated"].items.count == 64 - used)
        #expect(try named("dual-stack-worker-192-168-77-0-26", "BlockAffinity")["spec"]["state"] == "confirmed")
    }

    @Test("a pod whose namespace is gone has ended, and one that does not answer is not ready")
    func faults() throws {
        let pods = try Self.dualStack().placement.pods.filter { $0.workload == "multitool" }
        var observed = ClusterObservation()
        let time = Timestamp(seconds: 1_700_000_100)
        observed.pods[pods[0].reference] = .init(.gone, since: time)
        observed.pods[pods[1].reference] = .init(.notReady("eth0 is down"), since: time)
        let gone = try named(pods[0].name, "Pod", observed)
        #expect(gone["status"]["containerStatuses"][0]["state"]["terminated"]["reason"] == "Error")
        #expect(gone["status"]["podIP"].isNull)
        let silent = try named(pods[1].name, "Pod", observed)
        let ready = silent["status"]["conditions"].items.first { $0["type"] == "Ready" }
        #expect(ready?["status"] == "False")
        #expect(ready?["lastTransitionTime"] == "2023-11-14T22:15:00Z")
        #expect(try named("multitool", "DaemonSet", observed)["status"]["numberReady"] == 1)
    }

    @Test("nothing is heard of a node with a fault, nor of the pods on its network")
    func nodeFault() throws {
        var observed = ClusterObservation()
        observed.nodes["dual-stack-worker"] = .init(fault: "eth1 is down", since: Timestamp(seconds: 1_700_000_100))
        let node = try named("dual-stack-worker", "Node", observed)
        #expect(node["status"]["conditions"].items.first { $0["type"] == "Ready" }?["status"] == "Unknown")
        #expect(try named("kube-proxy", "DaemonSet", observed)["status"]["numberReady"] == 2)
    }

    @Test("two labs of one topology have the same objects, to the uid")
    func deterministic() throws {
        #expect(
            try ClusterState(Self.dualStack(), ClusterObservation()).objects
                == ClusterState(Self.dualStack(), ClusterObservation()).objects)
    }
}
