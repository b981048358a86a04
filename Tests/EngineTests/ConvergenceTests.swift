import BundledTopologies
import Engine
import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import NetworkNamespaces
import Testing
import Topology

@Suite("A running lab that becomes another", .needsRoot, .timeLimit(.minutes(20)))
struct ConvergenceTests {
    /// A lab of nodes on one switch, that tests edit.
    private struct Form {
        var nodes = 20
        var vlans = "10: { addresses: [10.20.0.1/16, fd00:20::1/64] }"
        var ports = ""
        var routes = "[default via 10.20.0.1, \"default via fd00:20::1\"]"
        var pools = """
                default-ipv4-ippool: { cidr: 192.168.0.0/16, encapsulation: VXLANCrossSubnet, natOutgoing: true }
                default-ipv6-ippool: { cidr: fd00:10:244::/48, encapsulation: VXLAN, natOutgoing: true }
            """
        var cluster = ""
        var workloads = "  web: { kind: DaemonSet, labels: { app: web } }\n"
        var services = ""

        var yaml: String {
            var text = """
                lab: edited
                routers:
                  tor:
                    vlans:
                      \(vlans)
                    ports:
                      eth{1..\(nodes)}: { access: 10 }
                    loopbacks:
                      Loopback0: [1.1.1.1/32, 2001:db8::1/128]
                nodes:

                """
            for number in 1...nodes {
                text += """
                      node-\(number):
                        interfaces:
                          eth1: { connect: "tor:eth\(number)", addresses: ["10.20.0.\(10 + number)/16", "fd00:20::\(10 + number)/64"] }
                        routes: \(routes)

                    """
            }
            text += "cluster:\n  pools:\n\(pools)\n  serviceSubnets: [10.96.0.0/16, \"fd00:10:96::/112\"]\n\(cluster)"
            text += "workloads:\n\(workloads)"
            if !services.isEmpty { text += "services:\n\(services)" }
            return text
        }

        var topology: Topology { get throws { try Topology.read(Array(yaml.utf8), file: "edited.yaml") } }
    }

    /// A ping at one packet a millisecond between two addresses that no edit touches.
    private struct SteadyPing {
        private let process: Witness.Process
        /// Where its answers go, a line each.
        private let log: String

        init(_ address: String, in pin: String) throws {
            log = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
            process = try Witness.Process(
                ["sh", "-c", "exec ping -n -i 0.001 \(address) >'\(log)'"], in: pin)
            try waitForAnswers(20)
        }

        private func answers() throws -> Int {
            try Witness.run(["grep", "-c", "bytes from", log]).output.split(separator: "\n").first.flatMap { Int($0) }
                ?? 0
        }

        /// Waits until so many answers more have come.
        private func waitForAnswers(_ count: Int) throws {
            let before = try answers()
            try eventually("pings are answered") { try answers() >= before + count }
        }

        /// Ends it, and gives what was sent and what came back.
        func end() throws -> (sent: Int, received: Int) {
            defer { unlink(log) }
            try waitForAnswers(20)
            process.send(SIGINT)
            _ = try process.wait()
            let output = try String(contentsOfFile: log, encoding: .utf8)
            let numbers =
                output.split(separator: "\n").last { $0.contains("packets transmitted") }?
                .split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) } ?? []
            try #require(numbers.count >= 2, "\(output)")
            return (numbers[0], numbers[1])
        }
    }

    /// Applies an edit, under pings over what it does not touch, and looks at the outcome.
    ///
    /// - Returns: how many operations each namespace took.
    @discardableResult
    private func edit(
        _ lab: TestLab, _ title: String, to form: Form, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String: Int] {
        let topology = try form.topology
        let planned = try lab.plan(topology)
        let source = try lab.pod(on: "node-1")
        let target = try lab.pod(on: "node-2")
        // Tests run side by side on few processors: an answer may be late, but it comes.
        let pings = try target.addresses.map { try SteadyPing("\($0)", in: lab.pin(source.name)) }
        let report = try lab.up(topology)
        for (address, ping) in zip(target.addresses, pings) {
            let count = try ping.end()
            #expect(
                count.sent > 20 && count.sent - count.received <= 0, "\(title): \(address): \(count)",
                sourceLocation: sourceLocation)
        }
        #expect(report.changes.map(\.text) == planned.map(\.text), "\(title)", sourceLocation: sourceLocation)
        let left = try lab.differences(strict: true)
        #expect(left.isEmpty, "\(title): \(left.joined(separator: "\n"))", sourceLocation: sourceLocation)
        return Dictionary(grouping: planned, by: { $0.namespace ?? "" }).mapValues(\.count)
    }

    @Test(
        "pods, nodes, pools, services, routes and VLANs come and go with the fewest operations, and pings lose nothing")
    func edits() throws {
        var form = Form()
        try TestLab.with(yaml: form.yaml) { lab in
            let original = form

            // A pod: its own namespace, and at its node a link, five or six settings and two routes.
            form.workloads += "  extra: { kind: Deployment, replicas: 1, node: node-7 }\n"
            let pod = try edit(lab, "a pod more", to: form)
            let name = try #require(pod.keys.first { $0.hasPrefix("extra-") })
            #expect(Set(pod.keys) == ["node-7", name])
            #expect(pod["node-7", default: 0] <= 10, "\(pod)")
            form.workloads = original.workloads
            let gone = try edit(lab, "the pod goes", to: form)
            // The namespace, and at its node the link, with which its routes go.
            #expect(gone == [name: 1, "node-7": 1], "\(gone)")

            // A node: itself, its pod, a port of the switch, and at each other node its tunnel ends and its blocks' routes.
            form.nodes = 21
            let node = try edit(lab, "a node more", to: form)
            // Where other labs have most of the kernel's neighbour table, all neighbours are entries of their own: one a family.
            let isCrowded = try RunningLab(named: lab.name).blueprint.allocations.permanentNeighbours == true
            let (each, switched) = isCrowded ? (9, 3) : (7, 1)
            for number in 1...20 {
                // Per family a neighbour, a forwarding entry and a block's route; over VXLAN one to the tunnel's end too.
                #expect(node["node-\(number)"] == each, "\(node)")
            }
            #expect(node["tor"] == switched, "\(node)")
            #expect(node.keys.filter { $0.hasPrefix("web-") }.count == 1)
            form.nodes = 20
            let left = try edit(lab, "the node goes", to: form)
            for number in 1...20 { #expect(left["node-\(number)"] == each, "\(left)") }
            #expect(left["tor"] == switched)
            #expect(left["node-21"] == 1)
            #expect(left.count == 23)

            // A route of every node.
            form.routes = "[default via 10.20.0.1, \"default via fd00:20::1\", 9.9.9.0/24 via 10.20.0.1]"
            let route = try edit(lab, "a route more", to: form)
            #expect(route.count == 20 && route.values.allSatisfy { $0 == 1 }, "\(route)")
            form.routes = original.routes
            #expect(try edit(lab, "the route goes", to: form) == route)

            // A VLAN of the switch, which has one of IPv4 alone then: its ports take another setting.
            form.vlans += "\n      20: { addresses: [10.30.0.1/24] }"
            let vlan = try edit(lab, "a VLAN more", to: form)
            #expect(Set(vlan.keys) == ["tor"] && vlan["tor", default: 0] <= 24, "\(vlan)")
            form.vlans = original.vlans
            #expect(Set(try edit(lab, "the VLAN goes", to: form).keys) == ["tor"])

            // A service: a table in each node's family, changed by its parts.
            form.services = "  web: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }\n"
            form.workloads = "  web: { kind: DaemonSet, labels: { app: web }, ports: [8080] }\n"
            let first = try edit(lab, "a service", to: form)
            #expect(first.keys.allSatisfy { $0.hasPrefix("node-") || $0.hasPrefix("web-") }, "\(first)")
            let withOne = form
            form.services += "  other: { selector: { app: web }, ports: [{ port: 81, targetPort: 8080 }] }\n"
            let second = try edit(lab, "a service more", to: form)
            #expect(second.count == 20 && second.values.allSatisfy { $0 == 1 }, "\(second)")
            #expect(try edit(lab, "the service goes", to: withOne) == second)
            form = original
            try edit(lab, "no services", to: form)

            // A pool without pods: the rules know it, nothing else does.
            form.pools += "\n    second: { cidr: 172.20.0.0/16, encapsulation: VXLAN, natOutgoing: true }"
            let pool = try edit(lab, "a pool more", to: form)
            #expect(pool.keys.allSatisfy { $0.hasPrefix("node-") }, "\(pool)")
            try edit(lab, "the pool goes", to: original)
        }
    }

    @Test("what a workload comes above or goes from keeps its names and addresses, and its pings lose nothing")
    func allocations() throws {
        var form = Form()
        form.nodes = 3
        form.workloads = "  web: { kind: Deployment, replicas: 6, labels: { app: web } }\n"
        form.services = "  web: { type: NodePort, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }\n"
        /// The addresses of all pods that are there, by the kernel.
        func addresses(_ lab: TestLab) throws -> [String: Set<String>] {
            var found: [String: Set<String>] = [:]
            for name in try RunningLab(named: lab.name).blueprint.namespaces.filter({ $0.kind == .pod }).map(\.name) {
                let links = try Witness.json("ip -j addr show dev eth0", in: lab.pin(name))
                let held = links.flatMap { $0["addr_info"] as? [[String: Any]] ?? [] }
                found[name] = Set(held.compactMap { $0["local"] as? String })
            }
            return found
        }
        try TestLab.with(yaml: form.yaml) { lab in
            let before = try addresses(lab)
            let services = try RunningLab(named: lab.name).blueprint.services.map {
                "\($0.clusterAddresses) \($0.ports)"
            }
            #expect(before.count == 6)
            let original = form.workloads
            form.workloads = "  above: { kind: Deployment, replicas: 4 }\n" + original
            try edit(lab, "a workload above", to: form)
            for (name, held) in before { #expect(try addresses(lab)[name] == held) }
            form.workloads = "  above: { kind: Deployment, replicas: 1 }\n" + original
            try edit(lab, "fewer above", to: form)
            // A reset keeps them.
            _ = try Lab.running(lab.name).reset()
            #expect(try lab.differences(strict: true) == [])
            form.workloads = original
            try edit(lab, "the workload goes", to: form)
            #expect(try addresses(lab) == before)
            form.services =
                "  above: { type: NodePort, selector: { app: web }, ports: [{ port: 80 }] }\n" + form.services
            try edit(lab, "a service above", to: form)
            let now = try RunningLab(named: lab.name).blueprint.services.filter { $0.name == "web" }
            #expect(now.map { "\($0.clusterAddresses) \($0.ports)" } == services)
            let blocks = try Lab.running(lab.name).inspect().ipamBlocks
            let owners = blocks.flatMap(\.allocations).filter { $0.owner.hasPrefix("pod default/web-") }
            #expect(owners.count == 12 && blocks.contains { !$0.released.isEmpty })
        }
    }

    @Test("an address that a pod asks for and another has is refused, with both names and the way to have it")
    func asked() throws {
        var form = Form()
        form.nodes = 2
        try TestLab.with(yaml: form.yaml) { lab in
            let holder = try lab.pod(on: "node-1")
            let taken = try #require(holder.addresses.first)
            var topology = try form.topology
            topology.workloads.append(Workload(name: "asking", kind: .pod, nodeName: "node-2", addresses: [taken]))
            let error = #expect(throws: NSLabError.self) { try lab.up(topology) }
            let text = try #require(error).description
            #expect(
                text.contains("pod default/asking asks for \(taken), which pod default/\(holder.name) has"), "\(text)")
            #expect(text.hasSuffix("`nslab down \(lab.name)`, then `nslab up`"), "\(text)")
            #expect(try lab.differences(strict: true) == [])
        }
    }

    @Test("an edit looks where it reaches, says how much it left unchecked, and mends what it comes across")
    func reach() throws {
        var form = Form()
        form.nodes = 5
        try TestLab.with(yaml: form.yaml) { lab in
            // Out of reach of the edit, and in reach: the switch has lost its port to a node that is not.
            try Witness.ip("-n \(lab.pin("node-5")) route del default")
            try Witness.ip("-n \(lab.pin("tor")) link del eth4")
            form.workloads += "  extra: { kind: Deployment, replicas: 1, node: node-2 }\n"
            let report = try lab.up(form.topology)
            let touched = Set(report.changes.compactMap(\.namespace))
            let name = try #require(touched.first { $0.hasPrefix("extra-") })
            #expect(touched == ["tor", "node-2", "node-4", name])
            // The switch, the node with its two pods, and the node that lost its cable.
            #expect(report.unchecked == 12 - 5, "\(report.namespaces.map { "\($0.name) \($0.state)" })")
            let unchecked = report.namespaces.filter { $0.state == "not checked" }
            #expect(unchecked.count == report.unchecked && unchecked.contains { $0.name == "node-5" })
            let left = try lab.differences(strict: true)
            #expect(left == ["node-5: route default via 10.20.0.1 dev eth1: missing"])
            // Without an edit all is looked at.
            let second = try lab.up(form.topology)
            #expect(second.unchecked == 0 && second.changes.compactMap(\.namespace) == ["node-5"])
            #expect(try lab.differences(strict: true) == [])
        }
    }

    @Test("what the kernel cannot change in place is rebuilt, and said to be")
    func rebuilt() throws {
        var form = Form()
        form.nodes = 2
        try TestLab.with(yaml: form.yaml) { lab in
            form.cluster = "  vxlanVNI: 5000\n"
            let topology = try form.topology
            let planned = try lab.plan(topology)
            let rebuilt = planned.filter { $0.action == "rebuild" }
            #expect(rebuilt.count == 4, "\(planned.map(\.text))")
            #expect(rebuilt.allSatisfy { $0.kind == "link" && $0.attributes.map(\.name) == ["vxlan id"] })
            #expect(rebuilt.allSatisfy { $0.text.contains("vxlan id 4096 → 5000") })
            try lab.up(topology)
            #expect(try lab.differences(strict: true) == [])
            let link = try Witness.output(["ip", "-d", "link", "show", "vxlan-v6.calico"], in: lab.pin("node-1"))
            #expect(link.contains("vxlan id 5000 "))
            #expect(try Lab.running(lab.name).probe().failed == 0)
        }
    }

    @Test("one lab becomes another of the same name that shares little with it")
    func another() throws {
        try TestLab.with("two-vlans") { lab in
            for name in ["dual-stack", "ipip", "no-encapsulation", "ipip", "ipv4-only", "two-vlans"] {
                try lab.up(try #require(BundledTopology.named(name)).topology())
                let left = try lab.differences(strict: true)
                #expect(left.isEmpty, "\(name): \(left.joined(separator: "\n"))")
                #expect(try Lab.running(lab.name).probe().failed == 0)
            }
        }
    }
}
