import LabFolders
import Testing
import Topology

/// What Kubernetes' validation says of names, ports and labels (pkg/apis/core/validation, k8s.io/apimachinery/pkg/util/validation).
@Suite("Names that the API server takes, and those that it refuses")
struct KubernetesNameTests {
    /// A document with one thing in it, and whether the API server takes it; what it takes and no lab can have is left out
    /// without a word of the API server.
    struct Document: Sendable, CustomTestStringConvertible {
        enum Outcome { case taken, refused, leftOut }

        var text: String
        var outcome: Outcome
        var testDescription: String { "\(text.prefix(100))" }

        init(_ text: String, _ outcome: Outcome) { (self.text, self.outcome) = (text, outcome) }
    }

    private static func a(_ count: Int) -> String { String(repeating: "a", count: count) }

    private static func object(_ kind: String, _ name: String, _ spec: String) -> String {
        let version = ["Pod", "Service", "ReplicationController"].contains(kind) ? "v1" : "apps/v1"
        return "apiVersion: \(version)\nkind: \(kind)\nmetadata: { name: \"\(name)\" }\nspec: \(spec)"
    }

    private static func pod(_ name: String = "x", _ spec: String = "containers: []") -> String {
        object("Pod", name, "{ \(spec) }")
    }

    private static func controller(_ kind: String, _ name: String) -> String {
        object(kind, name, "{ template: { metadata: { labels: { a: b } }, spec: { containers: [] } } }")
    }

    private static func service(_ name: String = "x", _ spec: String = "ports: [{ port: 80 }]") -> String {
        object("Service", name, "{ \(spec) }")
    }

    private static func affinity(_ term: String, required: Bool = true) -> String {
        let terms =
            required
            ? "requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [\(term)] }"
            : "preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: \(term) }]"
        return pod("x", "affinity: { nodeAffinity: { \(terms) } }, containers: []")
    }

    private static func port(_ name: String) -> String {
        pod("x", "containers: [{ name: c, ports: [{ containerPort: 80, name: \"\(name)\" }] }]")
    }

    private static let documents: [Document] = [
        // Pods and what makes them: subdomains, of which the whole is bounded.
        Document(pod(a(63)), .taken), Document(pod(a(64)), .taken), Document(pod(a(253)), .taken),
        Document(pod(a(254)), .refused), Document(pod("a.b-c.9"), .taken), Document(pod("a..b"), .refused),
        Document(pod("a.-b"), .refused), Document(pod("A"), .refused), Document(pod("9"), .taken),
        Document(controller("Deployment", "a.b"), .taken), Document(controller("Deployment", a(100)), .taken),
        Document(controller("DaemonSet", "a.b"), .taken), Document(controller("ReplicaSet", a(253)), .taken),
        Document(controller("ReplicationController", "a.b"), .taken),
        Document(controller("Deployment", "a_b"), .refused),
        // Its pods' host names begin with a StatefulSet's name.
        Document(controller("StatefulSet", a(60)), .taken), Document(controller("StatefulSet", "a.b"), .refused),
        // Services: labels that begin with a letter.
        Document(service(a(63)), .taken), Document(service(a(64)), .refused), Document(service("a.b"), .refused),
        Document(service("9a"), .refused), Document(service("a9"), .taken), Document(service("a-"), .refused),
        Document(service("x", "type: ExternalName, externalName: a.b.example.org."), .taken),
        Document(service("x", "type: ExternalName, externalName: a_b.example.org"), .refused),
        Document(service("x", "type: ExternalName, externalName: \(a(64)).example.org"), .leftOut),
        // Ports: of containers and targets RFC 6335, of services DNS labels.
        Document(port("http"), .taken), Document(port("a-2-b"), .taken), Document(port("a--b"), .refused),
        Document(port("80"), .refused), Document(port(a(15)), .taken), Document(port(a(16)), .refused),
        Document(port("HTTP"), .refused),
        Document(service("x", "ports: [{ port: 80, name: \(a(16)) }]"), .taken),
        Document(service("x", "ports: [{ port: 80, name: a--b }]"), .taken),
        Document(service("x", "ports: [{ port: 80, name: a.b }]"), .refused),
        Document(service("x", "ports: [{ port: 80, targetPort: a--b }]"), .refused),
        Document(service("x", "ports: [{ port: 80, targetPort: web }]"), .taken),
        Document(service("x", "ports: []"), .refused), Document(service("x", "clusterIP: None"), .taken),
        Document(service("x", "ports: [{ port: 80 }, { port: 81 }]"), .refused),
        // Ports of nodes.
        Document(service("x", "type: NodePort, ports: [{ port: 80, nodePort: 30000 }]"), .taken),
        Document(service("x", "type: NodePort, ports: [{ port: 80, nodePort: 29999 }]"), .refused),
        Document(service("x", "type: NodePort, ports: [{ port: 80, nodePort: 32768 }]"), .refused),
        Document(service("x", "ports: [{ port: 80, nodePort: 30000 }]"), .refused),
        // Host names: labels.
        Document(pod("x", "hostname: a.b, containers: []"), .refused),
        Document(pod("x", "hostname: \(a(63)), containers: []"), .taken),
        Document(pod("x", "subdomain: a.b, containers: []"), .refused),
        // Nodes: subdomains.
        Document(pod("x", "nodeName: \(a(64)).b, containers: []"), .taken),
        Document(pod("x", "nodeName: a_b, containers: []"), .refused),
        Document(affinity("{ matchFields: [{ key: metadata.name, operator: In, values: [\(a(64)).b] }] }"), .taken),
        Document(affinity("{ matchFields: [{ key: metadata.name, operator: In, values: [a_b] }] }"), .refused),
        // Labels.
        Document(pod("x", "nodeSelector: { \(a(64)).b/\(a(63)): \(a(63)) }, containers: []"), .taken),
        Document(pod("x", "nodeSelector: { a: \(a(64)) }, containers: []"), .refused),
        Document(pod("x", "nodeSelector: { a: A_b.C }, containers: []"), .taken),
        // The Kelvin sign is a K to who asks for small letters.
        Document(pod("x", "nodeSelector: { a: \u{212A} }, containers: []"), .refused),
        Document(affinity("{ matchExpressions: [{ key: a, operator: In, values: [-1] }] }"), .refused),
        Document(affinity("{ matchExpressions: [{ key: a, operator: In, values: [-1] }] }", required: false), .leftOut),
        Document(affinity("{ matchExpressions: [{ key: a b, operator: Exists }] }", required: false), .refused),
        // An annotation is anything to the API server.
        Document(
            "apiVersion: v1\nkind: Pod\nmetadata: { name: x, annotations: { cni.projectcalico.org/ipv4pools: '[\"a_b\"]' } }\n"
                + "spec: { containers: [] }", .taken),
        Document(
            "apiVersion: v1\nkind: Pod\nmetadata: { name: x, annotations: { cni.projectcalico.org/ipv4pools: '[\"{1..2}\"]' } }\n"
                + "spec: { containers: [] }", .leftOut),
    ]

    @Test(
        "each as Kubernetes has it, and a message speaks of the API server only where that is so", arguments: documents)
    func names(document: Document) throws {
        let folder = try Folders.read([
            "kind.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4", "x.yaml": document.text,
        ])
        let isThere =
            folder.topology.workloads.contains { $0.namespace == "default" }
            || folder.topology.services.contains { $0.namespace == "default" && $0.name != "kubernetes" }
        let lines = folder.lines.filter { $0.contains("left out") }
        #expect(isThere == (document.outcome == .taken), "\(folder.lines)")
        #expect(lines.isEmpty == (document.outcome == .taken), "\(folder.lines)")
        #expect(
            lines.allSatisfy { $0.contains("the API server refuses it") == (document.outcome == .refused) }, "\(lines)")
        #expect(try Topology.read(folder.topology.yaml, file: "again") == folder.topology)
    }
}
