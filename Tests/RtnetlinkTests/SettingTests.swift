import Addresses
import Glibc
import KernelTestSupport
import Netlink
import NetworkObjects
import Testing

@testable import Rtnetlink

@Suite("settings of links in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct SettingTests {
    @Test("each IPv4 setting reaches the file of its name, and is read back")
    func ipv4() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.create(Link("br", .bridge(Bridge())))
            for setting in IPv4DevConf.allCases {
                let path = "ipv4/conf/br/\(setting.rawValue)"
                let before = try #require(Int32(try kernelSetting(path)))
                #expect(try bench.observe("br")[setting] == before, "\(setting)")
                let value: Int32 = before == 1 ? 0 : 1
                try bench.batch.set([(setting, value)], on: "br", in: bench.table)
                try bench.socket.execute(&bench.batch)
                #expect(try kernelSetting(path) == "\(value)", "\(setting)")
                #expect(try bench.observe("br")[setting] == value, "\(setting)")
            }
        }
    }

    @Test("several IPv4 settings of one link take one request")
    func several() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.create(Link("br", .bridge(Bridge())))
            try bench.batch.set(
                [(.routeLocalnet, 1), (.proxyARP, 1), (.forwarding, 1)], on: "br", in: bench.table)
            #expect(bench.batch.count == 1)
            try bench.socket.execute(&bench.batch)
            let names = ["route_localnet", "proxy_arp", "forwarding"]
            #expect(try names.map { try kernelSetting("ipv4/conf/br/\($0)") } == ["1", "1", "1"])
        }
    }

    @Test("a neighbour parameter reaches the file of its name, for both families", arguments: AddressFamily.allCases)
    func neighbourParameters(family: AddressFamily) async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.create(Link("br", .bridge(Bridge())))
            let folder = "\(family == .ipv4 ? "ipv4" : "ipv6")/neigh/br/"
            // The files count in hundredths of seconds, seconds or milliseconds.
            let expected: [(NeighbourParameter, UInt64, String, String)] = [
                (.proxyDelay, 0, "proxy_delay", "0"), (.lockTime, 500, "locktime", "50"),
                (.baseReachableTime, 7000, "base_reachable_time_ms", "7000"),
                (.retransmissionTime, 2000, "retrans_time_ms", "2000"), (.staleTime, 9000, "gc_stale_time", "9"),
                (.delayFirstProbeTime, 4000, "delay_first_probe_time", "4"),
            ]
            #expect(expected.count == NeighbourParameter.allCases.count)
            for (parameter, milliseconds, file, text) in expected {
                try bench.batch.set(parameter, milliseconds: milliseconds, family, on: "br", in: bench.table)
                try bench.socket.execute(&bench.batch)
                #expect(try kernelSetting(folder + file) == text, "\(parameter)")
            }
        }
    }

    @Test("what drivers are asked for is told by name, also to a socket whose first question that is")
    func features() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            // Of a veth's features the names alone fill most of a page.
            try bench.createVeth(Link("v0", .veth(peer: nil)), Link("v1", .veth(peer: nil)))
            #expect(try Witness.run(["ethtool", "-K", "v1", "tso", "off"]).status == 0)
            let families = try GenericSocket.families(in: inside)
            let ethtool = try #require(families[GenericFamily.ethtool])
            var socket = try GenericSocket(in: inside)
            let names = try socket.wantedFeatureNames(ethtool)
            #expect(names.count == (try bench.socket.links().count))
            let (first, second) = (
                names[try bench.observe("v0").index] ?? [], names[try bench.observe("v1").index] ?? []
            )
            #expect(first.contains("tx-tcp-segmentation") && first.contains("tx-scatter-gather"))
            #expect(second.contains("tx-scatter-gather") && !second.contains("tx-tcp-segmentation"))
        }
    }
}

/// The setting below `/proc/sys/net` of the calling thread's namespace.
private func kernelSetting(_ path: String) throws -> String {
    String(try Witness.output(["cat", "/proc/sys/net/" + path]).prefix { $0 != "\n" })
}
