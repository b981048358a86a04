import Addresses
import CLinux
import Glibc
import KernelTestSupport
import Netlink
import NetworkNamespaces
import NetworkObjects
import Testing

@testable import Rtnetlink

@Suite("batches in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct BatchTests {
    @Test("requests behind a refused one are carried out, and every refused one is named")
    func goesOn() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.batch.configure(Link("lo", .loopback), in: bench.table)
            for text in ["10.0.0.1/32", "10.0.0.1/32", "10.0.0.2/32", "10.0.0.2/32", "10.0.0.3/32"] {
                try bench.batch.add(DeviceAddress("lo", InterfaceAddress(text)!), in: bench.table)
            }
            let refused = try refusals(&bench)
            #expect(refused.map(\.requestIndex) == [2, 4])
            #expect(refused.map(\.errno) == [EEXIST, EEXIST])
            let seen = try bench.socket.addresses(in: bench.table).map { "\($0.address)" }
            #expect(Set(["10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32"]).isSubset(of: seen))
        }
    }

    @Test("the kernel's own sentence is the one that ip prints, and the offending attribute is named")
    func sentence() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.create(Link("br", .bridge(Bridge())))
            let route = Route(Prefix("10.9.0.0/16")!, via: IPAddress("10.8.0.1")!, device: "br")
            try bench.batch.add(route, in: bench.table)
            let failure = try refusal(&bench)
            #expect(failure.errno == ENETUNREACH)
            #expect(failure.message == "Nexthop has invalid gateway")
            #expect(failure.description == "Network is unreachable (kernel: Nexthop has invalid gateway)")
            let witness = try Witness.run(["ip", "route", "add", "10.9.0.0/16", "via", "10.8.0.1", "dev", "br"])
            #expect(witness.output.contains(try #require(failure.message)))

            // A VNI has 24 bits; the kernel points at the attribute, which lies two levels deep.
            let wide = VXLAN(vni: 1 << 24, local: IPAddress("10.0.0.1")!, device: "br")
            try bench.batch.create(Link("wide", .vxlan(wide)), index: 9, in: bench.table)
            let range = try refusal(&bench)
            #expect(range.errno == ERANGE)
            #expect(range.attributeType == IFLA_VXLAN_ID)
        }
    }

    @Test("tens of thousands of refused requests are all reported, over many sends")
    func manyFailures() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.create(Link("br", .bridge(Bridge())))
            let count = 20_000
            let gone = DeviceAddress("br", InterfaceAddress("10.0.0.1/32")!)
            for _ in 0..<count { try bench.batch.delete(gone, in: bench.table) }
            let refused = try refusals(&bench)
            #expect(refused.map(\.requestIndex) == Array(0..<count))
            #expect(refused.allSatisfy { $0.errno == EADDRNOTAVAIL })
            #expect(bench.batch.count == 0)
        }
    }

    @Test("thousands of objects go through one batch and are read back without a loss")
    func manyObjects() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.create(Link("br", .bridge(Bridge())))
            var wanted: Set<Route> = []
            for number in 0..<UInt32(3000) {
                let route = Route(
                    IPAddress.v4(IPv4Address(0xac10_0000 + number)).hostPrefix, device: "br", scope: .link,
                    origin: .calico)
                wanted.insert(route)
                try bench.batch.add(route, in: bench.table)
            }
            #expect(bench.batch.count == 3000)
            try bench.socket.execute(&bench.batch)
            #expect(bench.batch.count == 0)
            let seen = try bench.socket.routes(in: bench.table).filter { $0.origin == .calico }
            #expect(seen.count == 3000)
            #expect(Set(seen) == wanted)
        }
    }

    @Test("a socket keeps to the namespace that it was opened in, wherever its thread goes")
    func staysBehind() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let elsewhere = try NetworkNamespace.another()
            try elsewhere.inside { _ in
                try bench.create(Link("br", .bridge(Bridge())))
                #expect(try Witness.links() == ["lo"])
            }
            #expect(try Witness.links() == ["lo", "br"])
        }
    }

    @Test("a socket holds one descriptor, which a child does not inherit and which closes with it")
    func descriptor() async throws {
        try await inNamespace { inside in
            let number: CInt
            do {
                let socket = try RouteSocket(in: inside)
                number = socket.descriptor
                #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
                var address = sockaddr_nl()
                var length = socklen_t(MemoryLayout<sockaddr_nl>.size)
                let bound = withUnsafeMutableBytes(of: &address) {
                    getsockname(number, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!, &length)
                }
                #expect(bound == 0 && address.nl_pid != 0)
            }
        }
    }

    @Test("a name that the table does not know is an error that leaves the batch as it was")
    func unknownName() throws {
        var batch = RouteBatch()
        let table = InterfaceTable()
        try batch.add(DeviceAddress("lo", InterfaceAddress("10.0.0.1/32")!), in: table)
        let before = batch.requests.bytes
        let port = Link("port", .bridge(Bridge()), master: "nobody")
        #expect(throws: RequestError.unknownInterface("nobody")) { try batch.create(port, index: 5, in: table) }
        #expect(batch.count == 1)
        #expect(batch.requests.bytes == before)
        #expect(throws: RequestError.notCreatable("eth0")) {
            try batch.create(Link("eth0", .veth(peer: nil)), index: 6, in: table)
        }
        #expect(batch.requests.bytes == before)
    }
}
