import Foundation
import Glibc
import KernelTestSupport
import System
import Testing

@Suite("A lab asked by kubectl", .needsRoot, .timeLimit(.minutes(20)))
struct KubectlTests {
    /// What is asked, and what is in the answer, by both releases.
    private static let questions: [(String, [String])] = [
        ("version", ["v1.28.0"]),
        ("cluster-info", ["is running at", "https://127.0.0.1:", "CoreDNS"]),
        ("api-resources", ["deployments", "ippools", "tigerastatuses", "endpointslices"]),
        ("api-resources --api-group=apps --namespaced=true -o name", ["daemonsets.apps", "replicasets.apps"]),
        ("api-versions", ["apps/v1", "crd.projectcalico.org/v1", "projectcalico.org/v3", "v1"]),
        ("auth can-i get pods", ["yes"]),
        ("auth can-i list nodes", ["yes"]),
        ("auth can-i --list", ["pods", "[get list watch]"]),
        (
            "get nodes",
            ["dual-stack-control-plane   Ready    control-plane", "dual-stack-worker2         Ready    <none>"]
        ),
        ("get nodes -o wide", ["INTERNAL-IP", "10.10.10.11", "KERNEL-VERSION"]),
        ("get no -l node-role.kubernetes.io/control-plane -o name", ["node/dual-stack-control-plane"]),
        ("get pods", ["NAME              READY   STATUS    RESTARTS   AGE", "1/1     Running   0"]),
        ("get pods -A -o wide", ["kube-proxy-", "calico-node-", "192.168.77.1 ", "etcd-dual-stack-control-plane"]),
        ("get pods -l app=multitool -o name", ["pod/multitool-"]),
        ("get pods -l app!=multitool", ["No resources found"]),
        ("get pods --field-selector spec.nodeName=dual-stack-worker", ["multitool-kj598"]),
        ("get pods --sort-by=.status.podIP", ["multitool-828np"]),
        ("get pods -o jsonpath={.items[*].status.podIPs[1].ip}", ["fd00:10:244:1b38:1133:7e2c:be1e:4d01"]),
        ("get pods --chunk-size=1 -o name", ["pod/multitool-828np", "pod/multitool-v6wkv"]),
        (
            "get pod multitool-kj598 -o yaml",
            ["nodeName: dual-stack-worker", "cni.projectcalico.org/podIP: 192.168.77.1/32"]
        ),
        ("get pod multitool-kj598 -o json", ["\"phase\": \"Running\""]),
        ("get pods --show-labels", ["app=multitool", "controller-revision-hash="]),
        ("get po,svc", ["pod/multitool-kj598", "service/multitool-dual-stack"]),
        (
            "get all -n kube-system",
            ["daemonset.apps/kube-proxy", "deployment.apps/coredns", "replicaset.apps/coredns-"]
        ),
        (
            "get ds multitool",
            ["DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE", "3         3         3       3            3"]
        ),
        ("get deploy -n kube-system -o wide", ["coredns   2/2     2            2", "k8s-app=kube-dns"]),
        ("get rs -n kube-system", ["coredns-6f7b69f699   2         2         2"]),
        ("get svc", ["multitool-ipv6-only    ClusterIP   fd00:10:96::", "<none>        80/TCP"]),
        (
            "get svc -o custom-columns=NAME:.metadata.name,IPS:.spec.clusterIPs,PORTS:.spec.ports[*].port",
            ["10.96.0.1 fd00:10:96::1"]
        ),
        (
            "get svc multitool-dual-stack -o yaml",
            ["ipFamilyPolicy: RequireDualStack", "  ipFamilies:\n  - IPv4\n  - IPv6"]
        ),
        ("get endpoints", ["10.10.10.10:6443"]),
        ("get endpointslices -A", ["IPv6", "kube-dns-"]),
        ("get ns", ["kube-system", "Active"]),
        ("get events", ["LAST SEEN", "pod/multitool-kj598", "Successfully assigned default/multitool-kj598"]),
        ("get sa,cm,secrets", ["serviceaccount/default"]),
        ("get ippools", ["NAME                  CREATED AT", "default-ipv4-ippool"]),
        ("get ippools.crd.projectcalico.org", ["NAME                  AGE", "default-ipv4-ippool"]),
        (
            "get felixconfigurations,clusterinformations,tiers,profiles",
            ["tier.projectcalico.org/default", "kns.default"]
        ),
        (
            "get ippool default-ipv4-ippool -o yaml",
            ["apiVersion: projectcalico.org/v3", "vxlanMode: CrossSubnet", "blockSize: 26"]
        ),
        ("get ipamblocks.crd.projectcalico.org", ["192-168-77-0-26"]),
        ("get blockaffinities", ["dual-stack-worker-192-168-77-0-26"]),
        ("get tigerastatus", ["AVAILABLE   PROGRESSING   DEGRADED   SINCE", "calico", "True"]),
        ("get crd", ["ippools.crd.projectcalico.org", "CREATED AT"]),
        ("get installation default -o jsonpath={.status.variant}", ["Calico"]),
        ("get leases -n kube-node-lease", ["dual-stack-worker"]),
        ("get --raw /healthz", ["ok"]),
        (
            "describe pod multitool-kj598",
            ["Node:", "dual-stack-worker/10.10.10.11", "192.168.77.1", "ContainersReady"]
        ),
        ("describe node dual-stack-worker", ["KubeletReady", "multitool-kj598", "10.10.10.11", "Kubelet Version"]),
        ("describe svc multitool-dual-stack", ["IPv4,IPv6", "8080/TCP", "Endpoints:", ":8080"]),
        ("describe ds multitool", ["3 Running / 0 Waiting / 0 Succeeded / 0 Failed"]),
        ("describe deploy -n kube-system coredns", ["2 desired | 2 updated | 2 total | 2 available | 0 unavailable"]),
        ("describe ippool default-ipv6-ippool", ["fd00:10:244::/48"]),
        ("rollout status ds/multitool", ["successfully rolled out"]),
        ("rollout history deploy/coredns -n kube-system", ["deployment.apps/coredns", "1"]),
        ("wait --for=condition=Ready pod -l app=multitool --timeout=20s", ["pod/multitool-kj598 condition met"]),
    ]

    @Test("the reading half of kubectl, by two releases of it")
    func reading() throws {
        try KubernetesLab.with { lab in
            for release in KubernetesLab.Release.allCases {
                for (command, expected) in Self.questions {
                    let answer = try lab.kubectl(release, command)
                    #expect(answer.status == 0, "\(release) kubectl \(command): \(answer.output)")
                    for text in expected {
                        #expect(answer.output.contains(text), "\(release) kubectl \(command): \(answer.output)")
                    }
                }
            }
        }
    }

    @Test("who writes, or asks for what is not there, is told so", arguments: KubernetesLab.Release.allCases)
    func refusals(_ release: KubernetesLab.Release) throws {
        try KubernetesLab.with { lab in
            for (command, expected) in [
                ("delete pod multitool-kj598", "a lab's API is for reading"),
                ("get pod nothing", "pods \"nothing\" not found"),
                ("get nothing", "the server doesn't have a resource type \"nothing\""),
                ("get pods --field-selector spec.nothing=1", "field label not supported: spec.nothing"),
                ("auth can-i create pods", "no"),
            ] {
                let answer = try lab.kubectl(release, command)
                #expect(answer.status != 0 && answer.output.contains(expected), "\(command): \(answer.output)")
            }
        }
    }

    @Test("kubectl -w shows a pod's namespace that is gone, a link that is down and answers that have ended")
    func watching() throws {
        try KubernetesLab.with { lab in
            func watch(_ kind: String) throws -> (Witness.Process, String) {
                let file = FileManager.default.temporaryDirectory.path + "/\(lab.program.lab)-\(kind)"
                let words = try lab.words(.new, "get \(kind) -w").map { "'\($0)'" }.joined(separator: " ")
                return (try Witness.Process(["sh", "-c", "exec env \(words) >\(file) 2>&1"]), file)
            }
            func lines(_ file: String) -> [String] {
                // It is made by the command that has just been started.
                ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n").map {
                    $0.split(separator: " ").prefix(3).joined(separator: " ")
                }
            }
            let (pods, podFile) = try watch("pods")
            let (nodes, nodeFile) = try watch("nodes")
            defer { for file in [podFile, nodeFile] { unlink(file) } }
            try eventually("the watches begin") { lines(podFile).count == 4 && lines(nodeFile).count == 4 }
            /// Does something that has to be seen within a second, on a machine with as much to do as it has processors for.
            func soon(_ what: String, _ act: () throws -> Void, seen: () throws -> Bool) throws {
                try act()
                let start = ContinuousClock.now
                try eventually(what, seen)
                let took = start.duration(to: .now)
                var load = 0.0
                getloadavg(&load, 1)
                #expect(took < .seconds(max(1, load / Double(Processors.available))), "\(what): seen after \(took)")
            }
            try soon("a namespace is gone") {
                try Witness.ip("netns del \(lab.program.pin("multitool-v6wkv"))")
            } seen: {
                lines(podFile).last == "multitool-v6wkv 0/1 Error"
            }
            try soon("a pod's link is down") {
                try Witness.ip("link set eth0 down", in: lab.program.pin("multitool-kj598"))
            } seen: {
                lines(podFile).last == "multitool-kj598 0/1 Running"
            }
            try Witness.ip("link set eth0 up", in: lab.program.pin("multitool-kj598"))
            // Its addresses are gone with the link: of IPv6 (net/ipv6/addrconf.c, `addrconf_ifdown`).
            let lost = try lab.kubectl(.new, "describe pod multitool-kj598").output
            #expect(lost.contains("eth0"), "\(lost)")
            try soon("the switch's port is down") {
                try Witness.ip("link set eth1 down", in: lab.program.pin("ceos01"))
            } seen: {
                lines(nodeFile).last == "dual-stack-control-plane NotReady control-plane"
            }
            try soon("it is up") {
                try Witness.ip("link set eth1 up", in: lab.program.pin("ceos01"))
            } seen: {
                lines(nodeFile).last == "dual-stack-control-plane Ready control-plane"
            }
            try soon("nothing answers") {
                try lab.program.killPodServer()
            } seen: {
                lines(podFile).contains("multitool-828np 0/1 Running")
            }
            // What is down says why.
            let description = try lab.kubectl(.new, "describe pod multitool-828np").output
            #expect(description.contains("nothing answers at its ports"), "\(description)")
            withExtendedLifetime((pods, nodes)) {}
        }
    }

    @Test("two more pods are there once the lab has them, and go with the next change")
    func edits() throws {
        try KubernetesLab.with { lab in
            let file = FileManager.default.temporaryDirectory.path + "/\(lab.program.lab).yaml"
            defer { unlink(file) }
            let plain = try lab.program.run("convert", "dual-stack").output
            let more = plain.replacingOccurrences(
                of: "\nworkloads:\n", with: "\nworkloads:\n  more: { kind: Deployment, replicas: 2, ports: [80] }\n")
            #expect(more != plain)
            for (text, count) in [(more, 5), (plain, 3)] {
                try text.write(toFile: file, atomically: true, encoding: .utf8)
                let up = try lab.program.run("up", file, "--name", lab.program.lab, "--no-probe")
                #expect(up.status == 0, "\(up.output)")
                try eventually("kubectl shows them") {
                    let pods = try lab.kubectl(.new, "get pods --no-headers").output
                    let states = pods.split(separator: "\n").map { $0.split(separator: " ").dropFirst().prefix(2) }
                    return states.map(Array.init) == Array(repeating: ["1/1", "Running"], count: count)
                }
                #expect(try lab.kubectl(.old, "get deploy more").status == (count == 5 ? 0 : 1))
            }
        }
    }

    @Test("a pod that is stopped is not ready until it is started")
    func changes() throws {
        try KubernetesLab.with { lab in
            func ready() throws -> String { try lab.kubectl(.new, "get pod multitool-kj598 --no-headers").output }
            #expect(try lab.program.run("pod", "stop", "multitool-kj598", "--lab", lab.program.lab).status == 0)
            try eventually("it is stopped") { try ready().contains("0/1") }
            let endpoints = try lab.kubectl(.new, "get ep multitool-dual-stack -o yaml").output
            #expect(endpoints.contains("notReadyAddresses"), "\(endpoints)")
            #expect(try lab.program.run("pod", "start", "multitool-kj598", "--lab", lab.program.lab).status == 0)
            try eventually("it is started") { try ready().contains("1/1") }
        }
    }
}
