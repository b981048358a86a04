import Addresses
import Blueprint
import LabFolders
import Testing
import Topology

@Suite("Kubernetes manifests in a folder")
struct ManifestTests {
    private func read(_ manifests: String) throws -> LabFolder {
        try Folders.read([
            "kind.yaml":
                "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetworking: { disableDefaultCNI: true }\nnodes: [{ role: control-plane }, { role: worker }]",
            "calico.yaml":
                "apiVersion: operator.tigera.io/v1\nkind: Installation\nspec: { calicoNetwork: { ipPools: [{ cidr: 192.168.0.0/16, encapsulation: VXLAN }] } }",
            "app.yaml": manifests,
        ])
    }

    private func workload(_ specification: String, kind: String = "Pod") throws -> Workload {
        let folder = try read("apiVersion: v1\nkind: \(kind)\nmetadata: { name: w }\nspec: \(specification)")
        return try #require(folder.workload("w"))
    }

    @Test("a cluster of kind has its API server's service, its DNS, and two pods that answer it")
    func usual() throws {
        let folder = try read("")
        #expect(folder.topology.services.map(\.name) == ["kubernetes", "kube-dns"])
        let coredns = try #require(folder.workload("coredns"))
        #expect(coredns.kind == .deployment(replicas: 2))
        #expect(coredns.nodeName == "kind-control-plane")
        #expect(coredns.ports.map(\.answer) == [.dns, .dns, .http])
        #expect(coredns.ports.map(\.number) == [53, 53, 9153])
    }

    @Test("the cluster's DNS service is as kubeadm makes it: of the cluster's first family, with the metrics' port")
    func kubeDNS() throws {
        let service = try #require(try read("").service("kube-dns"))
        #expect(service.familyPolicy == .singleStack && service.families.isEmpty)
        #expect(service.ports.map(\.name) == ["dns", "dns-tcp", "metrics"])
        #expect(service.ports.map(\.port) == [53, 53, 9153])
        #expect(service.ports.map(\.transport) == [.udp, .tcp, .tcp])
    }

    @Test("a namespace exists though nothing is in it; one that the API server would refuse is told")
    func namespaces() throws {
        let folder = try read(
            """
            apiVersion: v1
            kind: Namespace
            metadata: { name: empty }
            ---
            apiVersion: v1
            kind: List
            items: [{ apiVersion: v1, kind: Namespace, metadata: { name: listed } }]
            ---
            apiVersion: v1
            kind: Namespace
            metadata: { name: empty }
            ---
            apiVersion: v1
            kind: Namespace
            metadata: { name: Not_one }
            """)
        #expect(folder.topology.cluster.namespaces == ["empty", "listed"])
        #expect(folder.lines.contains { $0.contains("\"Not_one\" cannot be a namespace's name") })
        #expect(
            try Blueprint(topology: folder.topology).kubernetesNamespaces
                == ["default", "kube-node-lease", "kube-public", "kube-system", "empty", "listed"])
    }

    @Test("everything about where a pod runs and what it is called")
    func pod() throws {
        let pod = try workload(
            """

              nodeSelector: { disk: ssd }
              nodeName: kind-worker
              hostname: h
              subdomain: s
              tolerations: [{ key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule }]
              affinity:
                nodeAffinity:
                  requiredDuringSchedulingIgnoredDuringExecution:
                    nodeSelectorTerms:
                      - matchExpressions: [{ key: zone, operator: NotIn, values: [a, b] }]
                        matchFields: [{ key: metadata.name, operator: In, values: [kind-worker] }]
                  preferredDuringSchedulingIgnoredDuringExecution:
                    - { weight: 7, preference: { matchExpressions: [{ key: gen, operator: Gt, values: ["3"] }] } }
              containers:
                - { name: a, image: x, ports: [{ containerPort: 80, name: http }, { containerPort: 53, protocol: UDP }] }
                - { name: b, image: y, ports: [{ containerPort: 81 }, { containerPort: 80 }] }
            """)
        #expect(pod.nodeSelector == ["disk": "ssd"])
        #expect(pod.nodeName == "kind-worker")
        #expect(pod.hostname == "h" && pod.subdomain == "s")
        #expect(pod.toleratesControlPlane)
        #expect(pod.ports.map(\.number) == [80, 53, 81])
        #expect(pod.ports.map(\.answer) == [.http, .echo, .http])
        #expect(pod.affinity.required.first?.labels == [.init("zone", .notIn, ["a", "b"])])
        #expect(pod.affinity.required.first?.names == [.init("metadata.name", .in, ["kind-worker"])])
        #expect(pod.affinity.preferred.map(\.weight) == [7])
    }

    @Test(
        "which tolerations are of the control plane's taint",
        arguments: [
            ("[{ operator: Exists }]", true), ("[{ operator: Exists, effect: NoExecute }]", false),
            ("[{ key: node-role.kubernetes.io/control-plane, effect: NoSchedule }]", true),
            ("[{ key: node-role.kubernetes.io/control-plane, operator: Equal, value: \"x\" }]", false),
            ("[{ key: other, operator: Exists }]", false), ("[]", false),
        ])
    func tolerations(text: String, expected: Bool) throws {
        #expect(try workload("{ tolerations: \(text), containers: [] }").toleratesControlPlane == expected)
    }

    @Test("Calico's annotations: addresses, pools and MAC address")
    func annotations() throws {
        let folder = try read(
            """
            apiVersion: v1
            kind: Pod
            metadata:
              name: w
              annotations:
                cni.projectcalico.org/ipAddrs: '["192.168.1.1"]'
                cni.projectcalico.org/ipv4pools: '["default-ipv4-ippool"]'
                cni.projectcalico.org/hwAddr: 02:00:00:00:00:07
            spec: { containers: [] }
            """)
        let pod = try #require(folder.workload("w"))
        #expect(pod.addresses.map(\.description) == ["192.168.1.1"])
        #expect(pod.pools == ["default-ipv4-ippool"])
        #expect(pod.hardwareAddress == MACAddress("02:00:00:00:00:07"))
        let errors = Folders.errors([
            "kind.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4",
            "app.yaml":
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: w\n  annotations:\n    cni.projectcalico.org/ipAddrs: 192.168.1.1\nspec: {}",
        ])
        #expect(
            errors.contains {
                $0.hasPrefix("app.yaml:6:") && $0.contains("metadata.annotations.cni.projectcalico.org/ipAddrs")
                    && $0.contains("list in JSON")
            })
    }

    @Test(
        "what listens in containers that declare no port follows from well-known images and a server's configuration",
        arguments: [
            ("{ image: \"nginx:1.27-alpine\" }", [80]), ("{ image: docker.io/library/httpd }", [80]),
            ("{ image: hashicorp/http-echo }", [5678]), ("{ image: busybox, command: [sleep, infinity] }", []),
            ("{ image: nginx, command: [sleep, infinity] }", []),
            ("{ image: nginx, args: [\"listen 8081; listen [::]:8081;\"] }", [8081]),
            ("{ image: wbitt/network-multitool, env: [{ name: HTTP_PORT, value: \"1180\" }] }", [1180]),
        ])
    func images(container: String, ports: [Int]) throws {
        #expect(try workload("{ containers: [\(container)] }").ports.map { Int($0.number) } == ports)
    }

    @Test("a server that is told to listen on IPv4 alone listens on IPv4 alone")
    func listening() throws {
        let ports = try workload("{ containers: [{ image: x, args: [\"server { listen 80; listen [::]:81; }\"] }] }")
            .ports
        #expect(ports.map(\.listen) == [.ipv4, .ipv6])
    }

    @Test("a pod of which nothing is known answers where services expect it")
    func expected() throws {
        let folder = try read(
            """
            apiVersion: v1
            kind: Service
            metadata: { name: s }
            spec: { selector: { app: a }, ports: [{ port: 80, targetPort: 9000 }, { name: u, port: 53, protocol: UDP }] }
            ---
            apiVersion: v1
            kind: Pod
            metadata: { name: w, labels: { app: a } }
            spec: { containers: [{ image: example.org/thing }] }
            """)
        #expect(folder.workload("w")?.ports.map(\.number) == [9000, 53])
        #expect(folder.workload("w")?.ports.map(\.transport) == [.tcp, .udp])
    }

    @Test("the kinds of workloads, each with its replicas")
    func kinds() throws {
        let template =
            "selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [] } }"
        #expect(try workload("{ replicas: 3, \(template) }", kind: "Deployment").kind == .deployment(replicas: 3))
        #expect(try workload("{ \(template) }", kind: "StatefulSet").kind == .statefulSet(replicas: 1))
        #expect(try workload("{ replicas: 0, \(template) }", kind: "ReplicaSet").kind == .replicaSet(replicas: 0))
        #expect(try workload("{ \(template) }", kind: "DaemonSet").kind == .daemonSet)
    }

    @Test("workloads of several kinds may have one name, as Kubernetes lets them")
    func sameNames() throws {
        let folder = try read(
            """
            { "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "w" }, "spec": { "containers": [] } }
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: w }
            spec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [] } } }
            """)
        #expect(folder.topology.workloads.filter { $0.name == "w" }.map(\.kind) == [.pod, .deployment(replicas: 1)])
        #expect(try Topology.read(folder.topology.yaml, file: "again") == folder.topology)
    }

    @Test("of two documents of one object the later one counts, and it is said")
    func twice() throws {
        let folder = try read(
            """
            apiVersion: v1
            kind: Service
            metadata: { name: s }
            spec: { ports: [{ port: 80 }] }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: s }
            spec: { ports: [{ port: 81 }] }
            """)
        #expect(folder.service("s")?.ports.map(\.port) == [81])
        #expect(
            folder.lines.contains {
                $0.hasPrefix("app.yaml:6: Service default/s is also in app.yaml:1; the later one counts")
            })
    }

    @Test("a controller that does not select its own pods is refused by the API server, and left out")
    func selector() throws {
        let folder = try read(
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: w }
            spec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: c } }, spec: { containers: [] } } }
            """)
        #expect(folder.workload("w") == nil)
        #expect(folder.lines.contains { $0.contains("a=b") && $0.contains("left out") })
    }

    @Test("documents without a kind, of a chart and of a lab that runs are no manifests")
    func others() throws {
        let folder = try Folders.read([
            "kind.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4",
            "values.yaml": "replicas: 3",
            "chart/Chart.yaml": "name: x\napiVersion: v2",
            "chart/templates/d.yaml": "apiVersion: v1\nkind: Pod\nmetadata: { name: {{ .Release.Name }} }",
            "clab-x/state.yaml": "apiVersion: v1\nkind: Pod\nmetadata: [",
            "README.md": "# x",
        ])
        #expect(folder.files.first { $0.path == "values.yaml" }?.ignored.first?.contains("without apiVersion") == true)
        #expect(folder.topology.workloads.map(\.name) == ["coredns"])
    }

    @Test("a chart is a folder with a Chart.yaml, and not what begins like one")
    func charts() throws {
        let pod = { (name: String) in "apiVersion: v1\nkind: Pod\nmetadata: { name: \(name) }\nspec: { containers: [] }"
        }
        let kind = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4"
        let beside = try Folders.read([
            "kind.yaml": kind, "NetChart.yaml": "x: y", "Net.yaml": pod("a"), "Net/b.yaml": pod("b"),
            "c/Chart.yaml": "x: y", "c/d.yaml": pod("d"), "cc/e.yaml": pod("e"),
        ])
        #expect(beside.topology.workloads.map(\.name) == ["a", "b", "e", "coredns"])
        #expect(
            beside.files.first { $0.path == "c/d.yaml" }?.ignored == [
                "part of a Helm chart, and charts are not rendered"
            ])
        // A lab folder that is a chart itself.
        let itself = try Folders.read([
            "kind.yaml": kind, "Chart.yaml": "x: y", "values.yaml": "replicas: 1", "templates/a.yaml": "{{ if x }}",
            "crds/b.yaml": pod("b"), "charts/sub/c.yaml": pod("c"), "lab/d.yaml": pod("d"),
        ])
        #expect(itself.topology.workloads.map(\.name) == ["d", "coredns"])
    }

    @Test("a document that is not YAML is skipped with a warning where nothing of it is a manifest")
    func notYAML() throws {
        let kind = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4"
        let folder = try Folders.read(["kind.yaml": kind, "x.yaml": "{{ if a }}: [\n---\n# c\n---\nx: [\n"])
        #expect(
            folder.lines.filter { $0.hasPrefix("x.yaml:") }.map { $0.prefix(26) } == [
                "x.yaml:2: this is not YAML", "x.yaml:6: this is not YAML",
            ])
        #expect(
            Folders.errors(["kind.yaml": kind, "x.yaml": "apiVersion: v1\nkind: Pod\n\tx"]).first?.hasPrefix(
                "x.yaml:3:1: ") == true)
    }
}
