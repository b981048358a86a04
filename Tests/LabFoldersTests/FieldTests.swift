import Foundation
import LabFolders
import Testing
import Topology

@testable import LabFolders

/// No field of a file is dropped without a word. `Schemas/` holds the fields that each format has by what its project publishes, a
/// path a line; each is fed by itself, and is seen to do something, is told, or is among those that mean nothing to a network.
@Suite("Fields of the formats")
struct FieldTests {
    private static let schemas = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Schemas")

    /// The fields of a format, by its published schema.
    private static func paths(_ name: String) throws -> [[String]] {
        try String(contentsOf: schemas.appending(path: "\(name).txt"), encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: ".").map(String.init) }
    }

    /// A document's tree.
    indirect enum Tree {
        case text(String)
        case list([Tree])
        case map([(String, Tree)])

        init(_ json: Any) {
            switch json {
            case let items as [Any]: self = .list(items.map { Tree($0) })
            case let entries as [String: Any]:
                self = .map(entries.sorted { $0.key < $1.key }.map { ($0.key, Tree($0.value)) })
            case let text as String: self = .text(text.contains(where: { "{[: ".contains($0) }) ? "'\(text)'" : text)
            default: self = .text("\(json)")
            }
        }

        var yaml: String {
            switch self {
            case .text(let text): text
            case .list(let items): "[\(items.map(\.yaml).joined(separator: ", "))]"
            case .map(let entries): "{ \(entries.map { "\"\($0.0)\": \($0.1.yaml)" }.joined(separator: ", ")) }"
            }
        }

        /// With a value at a path; the first item of a list, and `a` for any name.
        func setting(_ path: ArraySlice<String>, to value: String) -> Tree {
            guard let step = path.first else { return .text(value) }
            let rest = path.dropFirst()
            if step == "[]" {
                guard case .list(var items) = self, !items.isEmpty else {
                    return .list([Tree.map([]).setting(rest, to: value)])
                }
                items[0] = items[0].setting(rest, to: value)
                return .list(items)
            }
            let key = step == "*" ? "a" : step
            guard case .map(var entries) = self else { return .map([(key, Tree.map([]).setting(rest, to: value))]) }
            if let index = entries.firstIndex(where: { $0.0 == key }) {
                entries[index].1 = entries[index].1.setting(rest, to: value)
            } else {
                entries.append((key, Tree.map([]).setting(rest, to: value)))
            }
            return .map(entries)
        }
    }

    /// What came of a folder.
    private struct Outcome: Hashable {
        var topology: Topology?
        var lines: [String]
    }

    private func outcome(_ files: [String: String]) -> Outcome {
        do {
            let folder = try Folders.read(files, hasToolNetworks: true)
            return Outcome(topology: folder.topology, lines: folder.lines)
        } catch let errors as TopologyErrors {
            return Outcome(lines: errors.errors.map(\.description))
        } catch {
            return Outcome(lines: ["\(error)"])
        }
    }

    /// A format: its table, and documents that are complete but for the field.
    struct Format: CustomTestStringConvertible, Sendable {
        var name: String
        var table: FieldTable
        var file: String
        /// The document, in JSON.
        var base: String
        var others: [String: String] = [:]
        /// By the beginning of a path, other documents that fields there are tried in: what is read only beside others.
        var special: [(beginning: String, base: String)] = []
        /// Values that show that a field is read, where neither nonsense nor a word does.
        var samples: [String: String] = [:]

        var testDescription: String { name }

        /// The document that a field is tried in.
        func tree(for path: String) throws -> Tree {
            let base = special.filter { path.hasPrefix($0.beginning) }.max { $0.beginning.count < $1.beginning.count }?
                .base
            return try Tree(JSONSerialization.jsonObject(with: Data((base ?? self.base).utf8)))
        }
    }

    private static let cluster =
        "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{ role: control-plane }, { role: worker }]\n"

    private static func object(
        _ kind: String, _ version: String, _ spec: String, metadata: String = #"{ "name": "x" }"#
    )
        -> String
    {
        #"{ "apiVersion": "\#(version)", "kind": "\#(kind)", "metadata": \#(metadata), "spec": \#(spec) }"#
    }

    private static let containers =
        #""containers": [{ "name": "c", "image": "alpine", "ports": [{ "containerPort": "80" }] }]"#

    private static var pod: Format {
        func pod(_ more: String, metadata: String = #"{ "name": "x", "labels": { "app": "x" } }"#) -> String {
            object("Pod", "v1", "{ \(more)\(more.isEmpty ? "" : ", ")\(containers) }", metadata: metadata)
        }
        let term =
            #"{ "topologyKey": "zone", "labelSelector": { "matchExpressions": [{ "key": "a", "operator": "Exists" }] } }"#
        func affinity(_ name: String) -> [(String, String)] {
            [
                (
                    "spec.affinity.\(name).preferred",
                    pod(
                        #""affinity": { "\#(name)": { "preferredDuringSchedulingIgnoredDuringExecution": [{ "weight": 1, "podAffinityTerm": \#(term) }] } }"#
                    )
                ),
                (
                    "spec.affinity.\(name).required",
                    pod(
                        #""affinity": { "\#(name)": { "requiredDuringSchedulingIgnoredDuringExecution": [\#(term)] } }"#
                    )
                ),
            ]
        }
        return Format(
            name: "Pod", table: FieldTable.kubernetes["Pod"]!, file: "x.yaml", base: pod(""),
            others: ["kind.yaml": cluster],
            special: affinity("podAffinity") + affinity("podAntiAffinity") + [
                ("metadata.generateName", pod("", metadata: "{}")),
                (
                    "spec.affinity.nodeAffinity.preferred",
                    pod(
                        #""affinity": { "nodeAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [{ "weight": 1 }] } }"#
                    )
                ),
                (
                    "spec.tolerations",
                    pod(
                        #""tolerations": [{ "key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule" }]"#
                    )
                ),
                (
                    "spec.tolerations.[].value",
                    pod(#""tolerations": [{ "key": "node-role.kubernetes.io/control-plane", "operator": "Equal" }]"#)
                ),
                ("spec.dnsConfig.options", pod(#""dnsConfig": { "options": [{ "name": "ndots" }] }"#)),
                (
                    "spec.topologySpread",
                    pod(#""topologySpreadConstraints": [{ "topologyKey": "zone", "labelSelector": {} }]"#)
                ),
                (
                    "spec.initContainers",
                    pod(
                        #""initContainers": [{ "name": "i", "restartPolicy": "Always", "ports": [{ "containerPort": "81" }] }]"#
                    )
                ),
            ],
            samples: [
                "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution.[].preference":
                    "{ matchExpressions: [{ key: a, operator: Exists }] }",
                "spec.containers.[].image": "http-echo", "spec.containers.[].args": "['listen 8080;']",
                "spec.containers.[].command": "['listen 8080;']",
                "spec.containers.[].env": "[zzz]", "spec.initContainers.[].image": "http-echo",
                "spec.initContainers.[].args": "['listen 8080;']", "spec.initContainers.[].command": "['listen 8080;']",
                "spec.hostNetwork": "true",
            ])
    }

    private static func controller(_ kind: String) -> Format {
        let isOld = kind == "ReplicationController"
        let selector = isOld ? #"{ "app": "x" }"# : #"{ "matchLabels": { "app": "x" } }"#
        let spec =
            #"{ "selector": \#(selector), "template": { "metadata": { "labels": { "app": "x" } }, "spec": { \#(containers) } } }"#
        return Format(
            name: kind, table: FieldTable.kubernetes[kind]!, file: "x.yaml",
            base: object(kind, isOld ? "v1" : "apps/v1", spec), others: ["kind.yaml": cluster],
            samples: [
                "spec.selector.matchExpressions": "[{ key: app, operator: DoesNotExist }]",
                "spec.template.spec.hostNetwork": "true",
            ])
    }

    private static func calico(
        _ kind: String, _ version: String = "projectcalico.org/v3", _ spec: String = "{}",
        samples: [String: String] = [:]
    ) -> Format {
        Format(
            name: kind, table: FieldTable.calico[kind]!, file: "calico.yaml",
            base: object(kind, version, spec, metadata: #"{ "name": "default" }"#), others: ["kind.yaml": cluster],
            samples: samples)
    }

    private static var containerlab: Format {
        func topology(_ links: String, _ more: String = "") -> String {
            #"{ "name": "t", "topology": { \#(more) "nodes": { "a": { "kind": "a" }, "b": { "kind": "linux", "group": "a" }, "#
                + #""s": { "kind": "ceos", "startup-config": "s.cfg" } }, "links": [\#(links)] } }"#
        }
        let far = #"{ "type": "TYPE", "endpoint": { "node": "b", "interface": "eth1" } }"#
        let near = #"{ "endpoints": [{ "node": "a", "interface": "eth1" }, { "node": "b", "interface": "eth1" }] }"#
        let link = "topology.links.[]."
        return Format(
            name: "containerlab", table: .containerlab, file: "t.clab.yaml", base: topology(near),
            others: ["s.cfg": "hostname s\n", "x.cfg": "hostname x\n"],
            special: [
                (link + "endpoint.", topology(far.replacing("TYPE", with: "host"))),
                (link + "host-interface", topology(far.replacing("TYPE", with: "host"))),
                (link + "remote", topology(far.replacing("TYPE", with: "vxlan"))),
                (
                    "topology.defaults.kind",
                    #"{ "name": "t", "topology": { "defaults": { "kind": "linux" }, "nodes": { "a": {} } } }"#
                ),
                (
                    "topology.groups.*.kind",
                    #"{ "name": "t", "topology": { "groups": { "a": { "kind": "linux" } }, "nodes": { "b": { "group": "a" } } } }"#
                ),
            ],
            samples: [
                "topology.nodes.*.labels": "{ zzz: 1 }", link + "ipv4": "[192.0.2.1/24]",
                link + "ipv6": "['2001:db8::1/64']",
                link + "vars": "{ zzz: 1 }",
            ])
    }

    static let formats: [Format] = [
        containerlab,
        Format(
            name: "kind", table: .kind, file: "kind.yaml",
            base:
                #"{ "kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": [{ "role": "control-plane" }] }"#,
            special: ["", "nodes.[]."].map { place in
                let patch =
                    #""kubeadmConfigPatchesJSON6902": [{ "group": "g", "version": "v1beta3", "kind": "ClusterConfiguration", "#
                    + #""patch": "[{ op: add, path: /networking/podSubnet, value: 10.9.0.0/16 }]" }]"#
                let (outside, inside) = place.isEmpty ? (", " + patch, "") : ("", ", " + patch)
                return (
                    place + "kubeadmConfigPatchesJSON6902",
                    #"{ "kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": [{ "role": "control-plane"\#(inside) }]\#(outside) }"#
                )
            }),
        calico("Installation", "operator.tigera.io/v1"),
        calico("IPPool", "projectcalico.org/v3", #"{ "cidr": "10.244.0.0/16" }"#),
        calico("IPReservation"), calico("BGPConfiguration"), calico("BGPPeer"),
        calico(
            "FelixConfiguration",
            samples: ["spec.bpfEnabled": "true", "spec.wireguardEnabled": "true", "spec.wireguardEnabledV6": "true"]),
        pod, controller("Deployment"), controller("ReplicaSet"), controller("ReplicationController"),
        controller("DaemonSet"), controller("StatefulSet"),
        Format(
            name: "Namespace", table: FieldTable.kubernetes["Namespace"]!, file: "x.yaml",
            base: object("Namespace", "v1", "{}"), others: ["kind.yaml": cluster]),
        Format(
            name: "Node", table: FieldTable.kubernetes["Node"]!, file: "x.yaml",
            base: object("Node", "v1", "{}", metadata: #"{ "name": "kind-worker", "labels": { "a": "b" } }"#),
            others: ["kind.yaml": cluster]),
    ]

    /// What a field is given, one after the other, until something comes of it.
    private static let values = [
        "zzz", "[]", "{ zzz: zzz }", "[zzz]", "\"true\"", "\"7\"", "[10.9.0.0/16]", "10.9.0.1", "Local",
        "[{ zzz: zzz }]",
    ]

    @Test("each field of the published schema is done, told, or means nothing to a network", arguments: formats)
    func silence(format: Format) throws {
        for path in try Self.paths(format.name) {
            let name = path.joined(separator: ".")
            let treatment = try #require(
                format.table.treatment(of: path), "\(format.name): \(name) is not in the table")
            let tree = try format.tree(for: name)
            let base = self.outcome(format.others.merging([format.file: tree.yaml]) { $1 })
            func outcome(_ value: String) -> Outcome {
                let tree = tree.setting(path[...], to: value)
                return self.outcome(format.others.merging([format.file: tree.yaml]) { $1 })
            }
            switch treatment {
            case .irrelevant:
                let came = outcome("zzz")
                #expect(
                    came.lines.filter { !base.lines.contains($0) }.allSatisfy { !$0.contains("there is no field") },
                    "\(format.name): \(name)")
            case .told(let sentence):
                #expect(outcome("zzz").lines.count { $0.hasSuffix(sentence) } == 1, "\(format.name): \(name)")
            case .read:
                let samples = (format.samples[name].map { [$0] } ?? []) + Self.values
                #expect(
                    samples.contains { outcome($0) != base }, "\(format.name): \(name) is read, and nothing comes of it"
                )
            }
        }
    }

    @Test(
        "a field that is not known is told once, at its line, with the one that was meant",
        arguments: [
            (
                "t.clab.yaml", "name: t\ntopology:\n  nodes:\n    a:\n      kind: linux\n      exce: [\"true\"]\n", 6,
                "exce", "exec"
            ),
            (
                "t.clab.yaml", "name: t\ntopolgy: {}\ntopology:\n  nodes: { a: { kind: linux } }\n", 2, "topolgy",
                "topology"
            ),
            (
                "t.clab.yaml", "name: t\ntopology:\n  nodes: { a: { kind: linux, frobnicate: 1 } }\n", 3, "frobnicate",
                ""
            ),
            (
                "kind.yaml",
                "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetworking:\n  podSubnets: 10.1.0.0/16\n", 4,
                "podSubnets", "podSubnet"
            ),
            (
                "x.yaml",
                "apiVersion: v1\nkind: Pod\nmetadata: { name: x }\nspec:\n  nodeSelectors: {}\n  containers: []\n", 5,
                "nodeSelectors", "nodeSelector"
            ),
            (
                "x.yaml",
                "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: x }\nspec: { cidr: 10.9.0.0/16,\n  natOutgoin: true }\n",
                5, "natOutgoin", "natOutgoing"
            ),
        ] as [(String, String, Int, String, String)])
    func misspelt(file: String, text: String, line: Int, field: String, meant: String) throws {
        var files = [file: text]
        if file == "x.yaml" { files["kind.yaml"] = Self.cluster }
        let lines = try Folders.read(files).lines.filter { $0.contains("there is no field") }
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("\(file):\(line): ") == true, "\(lines)")
        #expect(lines.first?.contains("there is no field \(field) here") == true)
        #expect(lines.first?.contains("did you mean \"\(meant)\"?") == !meant.isEmpty)
    }
}
