import Blueprint
import LabFolders
import Topology

/// A lab folder of which one file is random: what is read must be the same after it was written and read again, must have
/// a blueprint, and an error must stand in a file.
public enum FolderFuzzing {
    /// Reads the folder with this file in the place of its own.
    public static func check(_ path: String, _ start: UnsafePointer<UInt8>?, _ count: Int) {
        var files = folder
        files[path] = Array(UnsafeBufferPointer(start: start, count: count))
        let topology: Topology
        do throws(TopologyErrors) {
            topology = try LabFolder(FolderFiles(name: "lab", files)).topology
        } catch {
            precondition(!error.errors.isEmpty)
            for error in error.errors { precondition(error.line >= 1 && error.column >= 1 && !error.sentence.isEmpty) }
            return
        }
        guard let again = try? Topology.read(topology.yaml, file: "again.yaml") else {
            // An optimised precondition says nothing.
            fatalError("cannot be read again:\n\(topology.yaml)")
        }
        if again != topology { fatalError("differs after it was written and read again:\n\(topology.yaml)") }
        let pods = topology.workloads.reduce(0) { $0 + $1.podCount(eligibleNodes: topology.nodes.count) }
        // Planning takes far longer than reading, so only a part of the inputs gets there, and no large ones.
        guard count % 32 == 0, pods <= 20, topology.nodes.count <= 10, topology.routers.count <= 10 else { return }
        do throws(BlueprintError) {
            _ = try Blueprint(topology: topology)
        } catch {
            precondition(!error.problems.isEmpty)
        }
    }

    private static let folder: [String: [UInt8]] = [
        "lab.clab.yaml": text(
            """
            name: fuzz
            topology:
              nodes:
                tor: { kind: ceos, startup-config: tor.cfg }
                fuzz: { kind: k8s-kind, startup-config: kind.yaml }
                fuzz-control-plane: { kind: ext-container, exec: [ip addr add 10.1.10.11/24 dev eth1] }
                fuzz-worker: { kind: ext-container, exec: [ip addr add 10.1.20.12/24 dev eth1] }
              links:
                - endpoints: ["tor:eth1", "fuzz-control-plane:eth1"]
                - endpoints: ["tor:eth2", "fuzz-worker:eth1"]
            """),
        "tor.cfg": text("interface Vlan10\n ip address 10.1.10.1/24\nip routing\n"),
        "kind.yaml": text(
            """
            apiVersion: kind.x-k8s.io/v1alpha4
            kind: Cluster
            networking: { disableDefaultCNI: true, podSubnet: "192.168.0.0/16,fd00:10:244::/56" }
            nodes: [{ role: control-plane }, { role: worker }]
            """),
        "calico.yaml": text(
            """
            apiVersion: operator.tigera.io/v1
            kind: Installation
            spec: { calicoNetwork: { ipPools: [{ cidr: 192.168.0.0/16, encapsulation: VXLANCrossSubnet }] } }
            """),
        "app.yaml": text(
            """
            apiVersion: v1
            kind: Pod
            metadata: { name: a, labels: { app: a } }
            spec: { containers: [{ image: nginx }] }
            """),
    ]

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }
}
