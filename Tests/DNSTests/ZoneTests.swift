import Addresses
import DNS
import Testing

@Suite("A cluster's zone")
struct ZoneTests {
    @Test("a service has one record a family, with a TTL of 30 seconds")
    func service() throws {
        let name = "multitool-dual-stack.default.svc.cluster.local"
        let four = try ask(name, .a)
        #expect(four.addresses == ["10.96.1.1"])
        #expect(four.answers.map(\.ttl) == [30])
        #expect(four.isAuthoritative && four.isResponse && !four.recursionAvailable && four.recursionDesired)
        #expect(four.id == 0x1234 && four.questions == [Question(name: DomainName(name)!, type: .a)])
        #expect(try ask(name, .aaaa).addresses == ["fd00:10:96::101"])
    }

    @Test("a name without a record of that type is an empty answer with the SOA")
    func noData() throws {
        let reply = try ask("multitool-ipv6-only.default.svc.cluster.local", .a)
        #expect(reply.responseCode == .noError)
        #expect(reply.answers.isEmpty)
        let authority = try #require(reply.authorities.first)
        #expect(authority.name == DomainName("cluster.local"))
        #expect(authority.ttl == 30)
        guard case .soa(let soa) = authority.data else {
            Issue.record("no SOA")
            return
        }
        #expect(soa.primary == DomainName("ns.dns.cluster.local"))
        #expect(soa.mailbox == DomainName("hostmaster.cluster.local"))
        #expect(soa.minimum == 30)
    }

    @Test(
        "names that only have others below them exist",
        arguments: [
            "cluster.local", "svc.cluster.local", "pod.cluster.local", "default.svc.cluster.local",
            "empty.svc.cluster.local", "empty.pod.cluster.local",
        ])
    func emptyNames(_ name: String) throws {
        let reply = try ask(name, .a)
        #expect(reply.responseCode == .noError && reply.answers.isEmpty && reply.authorities.count == 1)
    }

    @Test(
        "a name that is not there is NXDOMAIN with the SOA",
        arguments: [
            "nothing.default.svc.cluster.local", "nothing.cluster.local",
            "multitool-dual-stack.other.svc.cluster.local",
            "nowhere.svc.cluster.local", "www.example.com.svc.cluster.local", "_tcp.headless.default.svc.cluster.local",
            "192-168-77-4.headless.default.svc.cluster.local", "nobody.default.svc.cluster.local",
            "10-0-0-1.nowhere.pod.cluster.local", "word.default.pod.cluster.local",
            "a.b.10-0-0-1.default.pod.cluster.local",
        ])
    func missing(_ name: String) throws {
        let reply = try ask(name, .a)
        #expect(reply.responseCode == .nameError && reply.isAuthoritative)
        #expect(reply.authorities.map(\.data.type) == [.soa])
    }

    @Test(
        "a name outside of the zones is refused",
        arguments: [
            "www.example.com", "local", ".", "xcluster.local", "1.1.1.1.in-addr.arpa", "arpa",
        ])
    func refused(_ name: String) throws {
        let reply = try ask(name, .a)
        #expect(reply.responseCode == .refused && !reply.isAuthoritative && reply.authorities.isEmpty)
    }

    @Test("zone transfers and other classes are refused")
    func transfers() throws {
        #expect(try ask("cluster.local", RecordType(rawValue: 252)).responseCode == .refused)
        var query = Message.query(DomainName("version.bind")!, .txt, id: 1)
        query.questions[0].recordClass = 3
        let answer = try #require(server.answer(query.bytes(), over: .udp))
        #expect(try Message(reading: answer).responseCode == .refused)
    }

    @Test("a headless service stands for its ready endpoints, each with a name of its own")
    func headless() throws {
        let name = "headless.default.svc.cluster.local"
        #expect(try ask(name, .a).addresses == ["192.168.77.2", "192.168.77.3"])
        #expect(try ask(name, .aaaa).addresses == ["fd00:10:244::2", "fd00:10:244::"])
        #expect(try ask("web-0.\(name)", .a).addresses == ["192.168.77.2"])
        #expect(try ask("web-0.\(name)", .aaaa).addresses == ["fd00:10:244::2"])
        #expect(try ask("192-168-77-3.\(name)", .a).addresses == ["192.168.77.3"])
        #expect(try ask("fd00-10-244--0.\(name)", .aaaa).addresses == ["fd00:10:244::"])
        #expect(try ask("_http._tcp.\(name)", .a).addresses == ["192.168.77.2", "192.168.77.3"])
    }

    @Test("each answer begins with another address")
    func turns() throws {
        let name = "headless.default.svc.cluster.local"
        #expect(try ask(name, .a, turn: 1).addresses == ["192.168.77.3", "192.168.77.2"])
        #expect(try ask(name, .a, turn: -1).addresses.sorted() == ["192.168.77.2", "192.168.77.3"])
    }

    @Test("SRV names the service, or each endpoint with its own port, and tells the addresses")
    func services() throws {
        let clusterIP = try ask("_http._tcp.multitool-dual-stack.default.svc.cluster.local", .srv)
        let target = try #require(DomainName("multitool-dual-stack.default.svc.cluster.local"))
        // Two addresses stand behind it: CoreDNS gives each a weight of 50 and lists the equal pair once.
        #expect(clusterIP.answers.map(\.data) == [.srv(priority: 0, weight: 50, port: 80, target: target)])
        #expect(clusterIP.additionals.map(\.name) == [target, target])
        #expect(clusterIP.additionals.map(\.data.type) == [.a, .aaaa])

        let headless = try ask("_http._tcp.headless.default.svc.cluster.local", .srv)
        let web = try #require(DomainName("web-0.headless.default.svc.cluster.local"))
        #expect(headless.answers.count == 3)
        #expect(headless.answers.first?.data == .srv(priority: 0, weight: 25, port: 8080, target: web))
        #expect(headless.additionals.count == 4)
        #expect(try ask("_dns._udp.kube-dns.kube-system.svc.cluster.local", .srv).answers.count == 1)
        #expect(try ask("_dns._tcp.kube-dns.kube-system.svc.cluster.local", .srv).responseCode == .nameError)
        #expect(try ask("kube-dns.kube-system.svc.cluster.local", .srv).answers.count == 1)
    }

    @Test("PTR leads from services' and endpoints' addresses to their names")
    func pointers() throws {
        func pointer(_ address: String) throws -> [RecordData] {
            try ask(DomainName.reverse(IPAddress(address)!).description, .ptr).answers.map(\.data)
        }
        #expect(try pointer("10.96.0.10") == [.ptr(DomainName("kube-dns.kube-system.svc.cluster.local")!)])
        #expect(try pointer("fd00:10:96::101") == [.ptr(DomainName("multitool-dual-stack.default.svc.cluster.local")!)])
        #expect(try pointer("192.168.77.2") == [.ptr(DomainName("web-0.headless.default.svc.cluster.local")!)])
        #expect(
            try pointer("192.168.77.1") == [
                .ptr(DomainName("192-168-77-1.multitool-dual-stack.default.svc.cluster.local")!)
            ])
        #expect(try ask("10.0.96.10.in-addr.arpa", .a).authorities.count == 1)
    }

    @Test("a pod's name is its address, whether there is such a pod or not")
    func pods() throws {
        #expect(try ask("192-168-77-1.default.pod.cluster.local", .a).addresses == ["192.168.77.1"])
        #expect(try ask("192-168-77-1.default.pod.cluster.local", .aaaa).responseCode == .noError)
        #expect(try ask("fd00-10-244--1.empty.pod.cluster.local", .aaaa).addresses == ["fd00:10:244::1"])
    }

    @Test("an external name is a CNAME, followed inside of the cluster")
    func aliases() throws {
        let outside = try ask("outside.default.svc.cluster.local", .a)
        #expect(outside.answers.map(\.data) == [.cname(DomainName("www.example.com")!)])
        let inside = try ask("alias.default.svc.cluster.local", .a)
        #expect(inside.answers.map(\.data.type) == [.cname, .a])
        #expect(inside.answers.last?.name == DomainName("multitool-dual-stack.default.svc.cluster.local"))
        #expect(try ask("circle.default.svc.cluster.local", .a).answers.count == 10)
        #expect(try ask("outside.default.svc.cluster.local", .srv).answers.isEmpty)
    }

    @Test("the zone tells its server and the version of its schema")
    func zone() throws {
        let servers = try ask("cluster.local", .ns)
        #expect(servers.answers.map(\.data) == [.ns(DomainName("kube-dns.kube-system.svc.cluster.local")!)])
        #expect(servers.additionals.count == 2)
        #expect(try ask("ns.dns.cluster.local", .a).addresses == ["10.96.0.10"])
        #expect(try ask("cluster.local", .soa).answers.count == 1)
        #expect(try ask("dns-version.cluster.local", .txt).answers.map(\.data) == [.txt([Array("1.1.0".utf8)])])
    }

    @Test("a name of the input that cannot be one is told")
    func unfit() {
        let service = ClusterZone.Service(name: String(repeating: "x", count: 64))
        let error = #expect(throws: UnfitName.self) { try NameServer(ClusterZone(services: [service])) }
        #expect(error?.name == service.name)
        #expect(throws: UnfitName.self) { try NameServer(ClusterZone(domain: "a..b")) }
    }
}
