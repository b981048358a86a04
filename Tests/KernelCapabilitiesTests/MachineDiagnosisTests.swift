import Addresses
import Blueprint
import BundledTopologies
import Glibc
import KernelCapabilities
import KernelTestSupport
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import Testing

@Suite("What a lab takes")
struct DemandTests {
    private func requirements(_ topology: String, _ features: KernelFeatures = .complete) throws -> Requirements {
        let topology = try #require(BundledTopology.named(topology)).topology()
        return Requirements(try Blueprint(topology: topology, features: features))
    }

    @Test("the built-in lab takes VLANs, VXLAN, NAT and the rules of services, and no conditions")
    func builtIn() throws {
        let requirements = try requirements("dual-stack")
        #expect(
            requirements.features == [
                .namespaces, .veth, .ipv6, .bridge, .vlanFiltering, .vlanLinks, .vxlanIPv4, .vxlanIPv6, .nftables,
                .natIPv4, .natIPv6, .conntrack, .serviceRules,
            ])
        #expect(requirements.namespaces == 9)
        // Four on VLAN 10, and five pods with their nodes, which know two addresses of each in IPv6.
        #expect(requirements.neighbours == [.ipv4: 12 + 10, .ipv6: 12 + 15])
    }

    @Test("on a kernel without VLANs the lab takes another form, and asks for none")
    func plain() throws {
        let requirements = try requirements(
            "dual-stack", KernelFeatures.complete.subtracting([.vlanFiltering, .vlanLinks]))
        #expect(!requirements.features.contains(.vlanFiltering) && !requirements.features.contains(.vlanLinks))
        #expect(requirements.features.contains(.bridge))
    }

    @Test("one family takes nothing of the other")
    func oneFamily() throws {
        let requirements = try requirements("ipv4-only")
        #expect(requirements.features.isDisjoint(with: [.vxlanIPv6, .natIPv6]))
        #expect(requirements.neighbours[.ipv6] == nil)
    }

    @Test("limits are told against the lab's size, with the command that lifts them")
    func limits() throws {
        var limits = Limits()
        let (small, large) = (try requirements("dual-stack"), try requirements("nodes-100x10"))
        limits.neighbours = [.ipv4: 1024, .ipv6: 1024]
        limits.openFiles = 1024
        limits.maximumNamespaces = 100
        limits.runSpace = 4 << 20
        #expect(limits.lacks(small).isEmpty)
        let lacks = limits.lacks(large)
        #expect(
            Set(lacks.map(\.name)) == [
                "open files", "network namespaces", "neighbours of IPv4", "neighbours of IPv6", "/run",
            ])
        // Packets are dropped then, but the lab can be built.
        #expect(lacks.filter { $0.state == .warning }.map(\.name) == ["neighbours of IPv4", "neighbours of IPv6"])
        #expect(lacks.contains { $0.remedy?.hasPrefix("sysctl -w net.ipv4.neigh.default.gc_thresh3=") == true })
        limits.neighbours[.ipv4] = 21
        #expect(limits.lacks(small).map(\.name) == ["neighbours of IPv4"])
    }
}

@Suite("What this machine has", .needsRoot, .timeLimit(.minutes(20)))
struct FeatureTests {
    @Test("each feature is there if the system's own tools can have it", arguments: KernelFeature.allCases)
    func trial(feature: KernelFeature) async throws {
        let (script, tables) = Self.witness(feature)
        try await inNamespace { inside in
            var steps: [String] = ["ip link set lo up"]
            if let script { steps.append(script) }
            let command =
                tables.map { "printf '%s' '\($0)' | nft -f -" } ?? steps.joined(separator: " && ")
            let testimony = try Witness.run(["sh", "-c", command])
            var trial = try FeatureTrial(in: inside)
            let refusal = try trial.refusal(of: feature, in: inside)
            #expect((refusal == nil) == (testimony.status == 0), "\(refusal ?? "there") – \(testimony.output)")
        }
    }

    /// A script or a rule set that works if the feature is there.
    private static func witness(_ feature: KernelFeature) -> (script: String?, tables: String?) {
        switch feature {
        case .namespaces: ("true", nil)
        case .veth: ("ip link add near type veth peer far", nil)
        case .ipv6: ("ip -6 address add 2001:db8::1/64 dev lo", nil)
        case .bridge: ("ip link add x type bridge", nil)
        case .vlanFiltering: ("ip link add x type bridge vlan_filtering 1", nil)
        case .vlanLinks: ("ip link add v type veth peer w && ip link add link v name x type vlan id 10", nil)
        case .vxlanIPv4: ("ip link add x type vxlan id 7 local 127.0.0.1 dstport 4789 && ip link set x up", nil)
        case .vxlanIPv6: ("ip link add x type vxlan id 7 local ::1 dstport 4789 && ip link set x up", nil)
        case .nftables: (nil, "table ip t {\nchain c {\ncounter\n}\n}")
        case .natIPv4: (nil, "table ip t {\nchain c {\ntype nat hook postrouting priority 100\nmasquerade\n}\n}")
        case .natIPv6: (nil, "table ip6 t {\nchain c {\ntype nat hook postrouting priority 100\nmasquerade\n}\n}")
        case .conntrack: (nil, "table ip t {\nchain c {\nct state new counter\n}\n}")
        case .serviceRules:
            (nil, "table ip t {\nchain a {\nreject\n}\nchain c {\nnumgen random mod 1 vmap { 0 : jump a }\n}\n}")
        case .netem: ("tc qdisc add dev lo root netem delay 1ms", nil)
        case .tokenBucket: ("tc qdisc add dev lo root tbf rate 1mbit burst 10kb latency 50ms", nil)
        // Not by making one: loading these modules gives the host a device.
        case .dummy: ("[ -e /sys/module/dummy ] || modinfo dummy", nil)
        case .ipip: ("[ -e /sys/module/ipip ] || modinfo ipip", nil)
        case .overlay:
            (
                "unshare -m sh -ec 'mount -t tmpfs none /run; mkdir /run/u /run/w /run/m; "
                    + "mount -t overlay none -o lowerdir=/,upperdir=/run/u,workdir=/run/w /run/m'", nil
            )
        }
    }

    @Test("the built-in lab can be built here, and the diagnosis changes nothing of the host's network")
    func diagnosis() throws {
        let topology = try #require(BundledTopology.named("dual-stack")).topology()
        let features = KernelFeatures.complete.subtracting([.vlanFiltering, .vlanLinks])
        let requirements = Requirements(try Blueprint(topology: topology, features: features))
        let before = try Witness.output(["sh", "-c", "ip -d link; ip address; tc qdisc; nft list ruleset"])
        let diagnosis = try MachineDiagnosis(requirements)
        #expect(try Witness.output(["sh", "-c", "ip -d link; ip address; tc qdisc; nft list ruleset"]) == before)
        #expect(diagnosis.isReady, "\(diagnosis.results.filter { $0.state == .failed })")
        #expect(diagnosis.release == (try Witness.output(["uname", "-r"])).trimmingCharacters())
        #expect(Set(diagnosis.results.map(\.group)) == Set(CheckResult.Group.allCases))
        // What is missing is said with what follows and what to do.
        for finding in diagnosis.results where finding.state != .ok {
            #expect(finding.consequence != nil && finding.remedy != nil, "\(finding)")
        }
    }

    @Test("what is missing is found before anything is made, in the words of the doctor")
    func quickLook() async throws {
        let topology = try #require(BundledTopology.named("dual-stack")).topology()
        let blueprint = try Blueprint(topology: topology)
        try await inNamespace { inside in
            var socket = try RouteSocket(in: inside)
            var requirements = Requirements(blueprint)
            requirements.features.subtract([.vlanFiltering, .vlanLinks])
            var limits = Limits()
            #expect(try Preflight.lack(of: requirements, limits, &socket, in: inside) == nil)
            limits.maximumNamespaces = 3
            #expect(
                try Preflight.lack(of: requirements, limits, &socket, in: inside)?.contains(
                    "sysctl -w user.max_net_namespaces=")
                    == true)
            // 802.1Q, where this kernel has it not.
            requirements.features.insert(.vlanLinks)
            let hasVLANs = try socket.supports(linkKind: "vlan")
            let lack = try Preflight.lack(of: requirements, Limits(), &socket, in: inside)
            #expect(lack == (hasVLANs ? nil : KernelFeature.vlanLinks.lack))
            #expect(try Witness.links() == ["lo"])
        }
    }
}

extension String {
    fileprivate func trimmingCharacters() -> String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
