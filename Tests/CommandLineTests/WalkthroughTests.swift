import Foundation
import Glibc
import KernelTestSupport
import Testing

/// The commands of a course's dual-stack lab, typed as its document has them, on a folder of files with the same facts.
@Suite("A dual-stack lab's document, word by word", .needsRoot, .timeLimit(.minutes(20)))
struct WalkthroughTests {
    /// A command block: what is typed, and what has to be in what comes back.
    private struct Block {
        var command: String
        var expected: [String]
    }

    /// `POD` stands for the first pod's name, `LAB` for the lab's.
    private static let pod = "$(kubectl get pods -l app=multitool -o name | head -1)"

    /// The document's 22 blocks in order.
    private static let blocks: [Block] = [
        Block(
            command: "containerlab deploy -t net.clab.yml",
            expected: ["│ clab-LAB-ceos01 ", "│ dual-stack-worker2 "]),
        Block(
            command:
                "kind get kubeconfig --name dual-stack > dual-stack.kubeconfig\nexport KUBECONFIG=$(pwd)/dual-stack.kubeconfig\nkubectl get --raw /readyz",
            expected: ["ok"]),
        Block(
            command: "containerlab inspect -t net.clab.yml",
            expected: [
                "Kind/Image", "IPv4/6 Address", "│ arista_ceos          │ running │ 172.20.20.2 ",
                "│ k8s-kind             │ running │ 172.18.0.2            │",
                "│ kindest/node:v1.28.0 │         │ fc00:f853:ccd:e793::2 │", "│ 172.18.0.4 ",
            ]),
        Block(
            command: "kubectl get nodes -o wide",
            expected: [
                "NAME                       STATUS   ROLES           AGE", "VERSION   INTERNAL-IP",
                "dual-stack-control-plane   Ready    control-plane", "v1.28.0   10.10.10.10",
                "dual-stack-worker          Ready    <none>", "v1.28.0   10.10.10.12",
            ]),
        Block(
            command: "docker exec dual-stack-control-plane ip addr show eth1",
            expected: [
                ": eth1@if", "<BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500", "    link/ether ",
                "    inet 10.10.10.10/24 ", "    inet6 fd00:10:10::10/64 scope global", "/64 scope link",
            ]),
        Block(
            command: "calicoctl get ippools -o wide",
            expected: [
                "CIDR               NAT    IPIPMODE   VXLANMODE     DISABLED   ",
                "default-ipv4-ippool   192.168.0.0/16     true   Never      CrossSubnet   false      ",
                "default-ipv6-ippool   fd00:10:244::/48   true   Never      Always        false      ",
            ]),
        Block(command: "calicoctl get workloadendpoints -o wide", expected: endpoints),
        Block(
            command: "kubectl exec -it \(pod) -- ping -c 3 1.1.1.1",
            expected: ["64 bytes from 1.1.1.1: ", "ttl=63", "3 received"]),
        Block(
            command: "kubectl exec -it \(pod) -- ping6 -c 3 2001:db8::1",
            expected: ["64 bytes from 2001:db8::1: ", "ttl=63", "3 received"]),
        Block(
            command:
                "calicoctl get workloadendpoints -o wide\nkubectl exec -it \(pod) -- ping6 -c 3 fd00:10:244:1b38:1133:7e2c:be1e:4d01",
            expected: endpoints + ["64 bytes from fd00:10:244:1b38:1133:7e2c:be1e:4d01: ", "ttl=62"]),
        Block(
            command:
                "kubectl get svc -o custom-columns='NAME:.metadata.name,TYPE:.spec.type,CLUSTER-IPs:.spec.clusterIPs,PORTS:.spec.ports[*].port'",
            expected: [
                "NAME                   TYPE        CLUSTER-IPs", "kubernetes             ClusterIP   [10.96.0.1",
                "443",
                "multitool-dual-stack   ClusterIP   [10.96.", "multitool-ipv6-only    ClusterIP   [fd00:10:96::",
            ]),
        Block(
            command: "kubectl get svc multitool-dual-stack -o yaml | grep -A5 \"clusterIPs\\|ipFamilies\"",
            expected: [
                "  clusterIPs:\n  - 10.96.", "  - fd00:10:96::", "  ipFamilies:\n  - IPv4\n  - IPv6\n",
                "  ipFamilyPolicy: RequireDualStack",
            ]),
        Block(
            command:
                "kubectl exec -it \(pod) -- dig multitool-dual-stack.default.svc.cluster.local A +short\nkubectl exec -it \(pod) -- dig multitool-dual-stack.default.svc.cluster.local AAAA +short",
            expected: ["10.96.", "fd00:10:96::"]),
        Block(command: "echo hostname | kubectl exec -i \(pod) -- sh", expected: ["multitool-"]),
        Block(
            command:
                "echo 'curl -s http://multitool-dual-stack; curl -s -6 http://multitool-dual-stack; curl -s http://multitool-ipv6-only' | kubectl exec -i \(pod) -- sh",
            expected: ["family: IPv6", "pod: multitool-"]),
        Block(
            command: "docker exec dual-stack-control-plane ip -d link show vxlan-v6.calico",
            expected: [
                "vxlan-v6.calico: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1430 ",
                "    vxlan id 4096 local fd00:10:10::10 dev eth1 srcport 0 0 dstport 4789",
            ]),
        Block(
            command: "docker exec dual-stack-control-plane ip -6 route | grep vxlan-v6",
            expected: [
                "fd00:10:244:1b38:1133:7e2c:be1e:4d00/122 via fd00:10:244:1b38:1133:7e2c:be1e:4d00 dev vxlan-v6.calico",
                "fd00:10:244:b742:2d01:58:8f51:b000/122 via fd00:10:244:b742:2d01:58:8f51:b000 dev vxlan-v6.calico",
            ]),
        Block(
            command: "docker exec dual-stack-control-plane ip -6 neigh show dev vxlan-v6.calico",
            expected: [
                "fd00:10:244:1b38:1133:7e2c:be1e:4d00 lladdr 66:ee:a7:ef:78:65 PERMANENT",
                "fd00:10:244:b742:2d01:58:8f51:b000 lladdr 66:52:6a:03:c1:3b PERMANENT",
            ]),
        Block(
            command: "docker exec dual-stack-control-plane bridge fdb show dev vxlan-v6.calico",
            expected: [
                "66:ee:a7:ef:78:65 dst fd00:10:10::11 self permanent",
                "66:52:6a:03:c1:3b dst fd00:10:10::12 self permanent",
            ]),
        Block(
            command: "kubectl exec -it \(pod) -- netstat -tlnp", expected: ["LISTEN", ":::8080"]),
        Block(
            command:
                "printf '%s\\n' enable 'show ip interface brief' 'show ipv6 interface brief' 'show ip route' 'show ipv6 route' | docker exec -i clab-LAB-ceos01 Cli",
            expected: [
                "Vlan10           10.10.10.1/24", "Loopback0        1.1.1.1/32", "fd00:10:10::1/64", "2001:db8::1/128",
                "192.168.0.0/16 [1/0]", "via 10.10.10.10, Vlan10", "fd00:10:244::/48 [1/0]",
            ]),
        Block(command: "containerlab destroy -t net.clab.yml", expected: ["lab LAB is gone"]),
    ]

    private static let endpoints = [
        "NAME ", "WORKLOAD ", "NODE ", "NETWORKS ", "INTERFACE ",
        "dual--stack--control--plane-k8s-multitool--828np-eth0   multitool-828np   dual-stack-control-plane   192.168.207.193/32,fd00:10:244:c5ed:ff89:5a77:afb2:cfc1/128   calibb8fa886c1e",
        "dual--stack--worker-k8s-multitool--kj598-eth0           multitool-kj598   dual-stack-worker          192.168.77.1/32,fd00:10:244:1b38:1133:7e2c:be1e:4d01/128      cali7476f26c3f9",
        "dual--stack--worker2-k8s-multitool--v6wkv-eth0          multitool-v6wkv   dual-stack-worker2         192.168.183.65/32,fd00:10:244:b742:2d01:58:8f51:b001/128      cali47171c16d26",
    ]

    @Test("each block answers as the document says")
    func blocks() throws {
        #expect(Self.blocks.count == 22)
        let releases = try KubernetesLab.clients.get()
        try Program.with { program in
            let folder = "/tmp/\(program.lab)"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try FileManager.default.copyItem(atPath: LabFolders.path("dual-stack"), toPath: folder)
            for (index, block) in Self.blocks.enumerated() {
                let command = block.command.replacing("LAB", with: program.lab)
                for release in KubernetesLab.Release.allCases {
                    // What changes the lab is done once.
                    if release == .old, index == 0 || index == Self.blocks.count - 1 { continue }
                    let kubeconfig = index > 1 ? "export KUBECONFIG=$(pwd)/dual-stack.kubeconfig\n" : ""
                    let script = """
                        cd '\(folder)'; export HOME='\(folder)/home' SHELL=/bin/bash
                        PATH='\(releases)/\(release.rawValue)':$PATH
                        eval "$('\(BuiltProgram.path)' env \(program.lab) 2>/dev/null)"
                        \(kubeconfig)\(command.replacing("containerlab deploy", with: "containerlab deploy --name \(program.lab)"))
                        """
                    let answer = try Witness.run(["timeout", "120", "bash", "-c", script])
                    #expect(answer.status == 0, "\(command): \(answer.output)")
                    for text in block.expected {
                        let text = text.replacing("LAB", with: program.lab)
                        #expect(answer.output.contains(text), "\(command): wants \(text), found \(answer.output)")
                    }
                }
            }
        }
    }

    @Test("WALKTHROUGH.md has a row for each of them")
    func table() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let document = try String(contentsOf: root.appending(path: "WALKTHROUGH.md"), encoding: .utf8)
        let rows = document.split(separator: "\n").filter {
            $0.hasPrefix("| ") && $0.dropFirst(2).first?.isNumber == true
        }
        #expect(rows.count == Self.blocks.count)
        for (row, block) in zip(rows, Self.blocks) {
            for line in block.command.split(separator: "\n") where !line.hasPrefix("kubectl get --raw") {
                let shown = line.replacing("LAB", with: "dual-stack").replacing(Self.pod, with: "$POD").replacing(
                    "|", with: "\\|")
                #expect(row.contains("`\(shown)`"), "\(shown) is not in \(row)")
            }
        }
    }
}
