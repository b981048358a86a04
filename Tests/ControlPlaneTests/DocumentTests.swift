import ClusterObjects
import ControlPlane
import LabFolders
import Testing
import Topology

@Suite("Objects as files have them")
struct DocumentTests {
    @Test("scalars are what Kubernetes' clients take them for")
    func scalars() throws {
        let text = """
            kind: ConfigMap
            apiVersion: v1
            metadata: { name: c }
            data: { a: "1", b: 2, c: yes, d: 0x10, e: 010, f: 1.50, g: ~, h: v1, i: 1e3, j: 10.96.0.10, k: -3, l: "yes", m: 1_0 }
            """
        let data = try #require(ClusterDocuments(stream: Array(text.utf8), kubernetesVersion: nil).objects.first)[
            "data"]
        #expect(
            data == [
                "a": "1", "b": 2, "c": true, "d": 16, "e": 8, "f": .number("1.5"), "h": "v1", "i": 1000,
                "j": "10.96.0.10",
                "k": -3, "l": "yes", "m": "1_0",
            ])
    }

    @Test("lists are taken apart, and what is no object is left out")
    func lists() {
        let text = """
            kind: List
            apiVersion: v1
            items:
            - { kind: Secret, apiVersion: v1, metadata: { name: a } }
            - { kind: Secret }
            ---
            kind: SecretList
            apiVersion: v1
            items: [{ metadata: { name: b } }]
            ---
            just: text
            ---
            {
            """
        let objects = ClusterDocuments(stream: Array(text.utf8), kubernetesVersion: nil).objects
        #expect(objects.map { "\($0["kind"].text!) \($0["metadata"]["name"].text!)" } == ["Secret a", "Secret b"])
    }

    private static let files: [String: String] = [
        "lab.clab.yaml": """
        name: l
        topology:
          nodes:
            k: { kind: k8s-kind, image: "kindest/node:v1.30.2@sha256:00", startup-config: kind.yaml }
        """,
        "kind.yaml": """
        kind: Cluster
        apiVersion: kind.x-k8s.io/v1alpha4
        nodes: [{ role: control-plane }, { role: worker }]
        """,
        "web.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: web, labels: { team: a }, annotations: { note: x } }
        spec:
          replicas: 2
          selector: { matchLabels: { app: web } }
          template:
            metadata: { labels: { app: web } }
            spec:
              containers: [{ name: c, image: "nginx:1.25", env: [{ name: A, value: "1" }] }]
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: web }
        spec: { type: NodePort, selector: { app: web }, ports: [{ port: 80, nodePort: 30080 }] }
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: settings, namespace: other }
        data: { a: b }
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: { name: reader }
        rules: []
        """,
    ]

    private func state() throws -> (folder: LabFolder, objects: [JSON]) {
        let folder = try LabFolder(FolderFiles(name: "l", Self.files.mapValues { Array($0.utf8) }))
        let documents = ClusterDocuments(
            stream: folder.clusterDocuments, kubernetesVersion: folder.kubernetesVersion)
        return (folder, ClusterState(try DualStackTests.lab(folder.topology, documents), ClusterObservation()).objects)
    }

    @Test("an object has what its manifest says, what the API server adds, and what became of it")
    func manifest() throws {
        let (folder, objects) = try state()
        #expect(folder.kubernetesVersion == "v1.30.2")
        let deployment = try #require(objects.first { $0["kind"] == "Deployment" && $0["metadata"]["name"] == "web" })
        #expect(deployment["metadata"]["labels"] == ["team": "a"])
        #expect(deployment["metadata"]["annotations"]["note"] == "x")
        #expect(
            deployment["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"].text?
                .hasPrefix("{") == true)
        #expect(deployment["spec"]["strategy"]["type"] == "RollingUpdate")
        let container = deployment["spec"]["template"]["spec"]["containers"][0]
        #expect(container["env"] == [["name": "A", "value": "1"]])
        #expect(container["imagePullPolicy"] == "IfNotPresent")
        #expect(deployment["status"]["readyReplicas"] == 2)
        let service = try #require(objects.first { $0["kind"] == "Service" && $0["metadata"]["name"] == "web" })
        #expect(service["spec"]["type"] == "NodePort")
        #expect(service["spec"]["ports"][0]["nodePort"] == 30080)
        #expect(service["spec"]["clusterIP"].text != nil)
    }

    @Test("a manifest's configuration stays as it is written")
    func configuration() throws {
        let documents = ClusterDocuments(
            stream: Array(
                """
                apiVersion: v1
                kind: ConfigMap
                metadata: { name: kube-proxy, namespace: kube-system }
                data: { config.conf: mine }
                """.utf8), kubernetesVersion: nil)
        let lab = try DualStackTests.lab(DualStackTests.dualStack().topology, documents)
        let maps = ClusterState(lab, ClusterObservation()).objects.filter { $0["metadata"]["name"] == "kube-proxy" }
        #expect(maps.first { $0["kind"] == "ConfigMap" }?["data"] == ["config.conf": "mine"])
        #expect(maps.count { $0["kind"] == "ConfigMap" } == 1)
    }

    @Test("objects that mean nothing to a network are there, in the namespaces that they name")
    func others() throws {
        let objects = try state().objects
        let map = try #require(objects.first { $0["kind"] == "ConfigMap" })
        #expect(map["metadata"]["namespace"] == "other")
        #expect(map["data"] == ["a": "b"])
        #expect(objects.contains { $0["kind"] == "Namespace" && $0["metadata"]["name"] == "other" })
        let role = try #require(objects.first { $0["kind"] == "ClusterRole" })
        #expect(role["metadata"]["namespace"].isNull)
    }
}
