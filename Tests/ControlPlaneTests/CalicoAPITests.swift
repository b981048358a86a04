import BundledTopologies
import ClusterObjects
import ControlPlane
import Testing
import Topology

@Suite("Calico's API server")
struct CalicoAPITests {
    private func objects(_ manifests: String) throws -> [JSON] {
        let bundled = try #require(BundledTopology.named("dual-stack"))
        let topology = try Topology.read(Array(bundled.yaml.utf8), file: "dual-stack.yaml")
        let documents = ClusterDocuments(stream: Array(manifests.utf8), kubernetesVersion: nil)
        return ClusterState(try DualStackTests.lab(topology, documents), ClusterObservation()).objects
    }

    private func has(_ objects: [JSON], _ kind: String, _ name: String, in version: String = "projectcalico.org/v3")
        -> Bool
    {
        objects.contains {
            $0["apiVersion"].text == version && $0["kind"].text == kind && $0["metadata"]["name"].text == name
        }
    }

    private static let installation =
        "{apiVersion: operator.tigera.io/v1, kind: Installation, metadata: {name: default}}"
    private static let server = "{apiVersion: operator.tigera.io/v1, kind: APIServer, metadata: {name: default}}"
    private static let manifest =
        "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: calico-node, namespace: kube-system}}"

    @Test(
        "is there with the operator, unless the files leave it out",
        arguments: [
            ("", true), (installation, false), ("\(installation)\n---\n\(server)", true), (manifest, false),
        ])
    func presence(manifests: String, isThere: Bool) throws {
        let objects = try objects(manifests)
        #expect(has(objects, "IPPool", "default-ipv4-ippool") == isThere)
        #expect(has(objects, "Tier", "default") == isThere && has(objects, "Profile", "kns.default") == isThere)
        #expect(has(objects, "TigeraStatus", "apiserver", in: "operator.tigera.io/v1") == isThere)
        #expect(has(objects, "IPPool", "default-ipv4-ippool", in: "crd.projectcalico.org/v1"))
    }

    @Test("what files write in its group is in storage as well, cluster-wide where its kind is")
    func written() throws {
        let objects = try objects(
            """
            {apiVersion: projectcalico.org/v3, kind: BGPPeer, metadata: {name: tor}, spec: {peerIP: 10.10.10.1, asNumber: 64513}}
            ---
            {apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: deny}, spec: {selector: all()}}
            """)
        for version in ["projectcalico.org/v3", "crd.projectcalico.org/v1"] {
            let peer = objects.first { $0["kind"] == "BGPPeer" && $0["apiVersion"].text == version }
            #expect(peer?["metadata"]["namespace"].isNull == true && peer?["spec"]["asNumber"] == 64513)
            let policy = objects.first { $0["kind"] == "NetworkPolicy" && $0["apiVersion"].text == version }
            #expect(policy?["metadata"]["namespace"] == "default" && policy?["spec"]["selector"] == "all()")
        }
    }

    @Test("calico-node tells of the families that there are pools of")
    func families() throws {
        let bundled = try #require(BundledTopology.named("dual-stack"))
        var topology = try Topology.read(Array(bundled.yaml.utf8), file: "dual-stack.yaml")
        topology.cluster.pools.removeAll { $0.prefix.family == .ipv6 }
        let all = ClusterState(try DualStackTests.lab(topology), ClusterObservation()).objects
        let node = try #require(all.first { $0["kind"] == "Node" })["metadata"]["annotations"]
        #expect(node["projectcalico.org/IPv4Address"].text != nil && node["projectcalico.org/IPv6Address"].isNull)
    }
}
