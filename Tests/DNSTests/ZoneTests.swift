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
            "a.b.c.10-0-0-1.default.pod.cluster.local", "a.b.c.headless.default.svc.cluster.local",
            "dns-version.cluster.local", "dns.cluster.local", "numeric.default.svc.cluster.local",
            "_http._tcp.outside.default.svc.cluster.local",
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

    @Test("an address that a service has twice under one name is told once, and has the names of all services")
    func repeatedEndpoint() throws {
        let address = IPAddress("10.0.0.1")!
        let endpoints = ["a", "b", "a"].map { ClusterZone.Endpoint(address: address, hostname: $0) }
        let zone = ClusterZone(services: ["s", "t"].map { .init(name: $0, isHeadless: true, endpoints: endpoints) })
        let reply = try ask(DomainName.reverse(address).description, .ptr, of: NameServer(zone))
        let names = ["a.s", "b.s", "a.t", "b.t"].map { RecordData.ptr(DomainName("\($0).default.svc.cluster.local")!) }
        #expect(reply.answers.map(\.data).sorted { "\($0)" < "\($1)" } == names.sorted { "\($0)" < "\($1)" })
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
        // Labels below it change nothing (CoreDNS, findPods).
        #expect(try ask("a.b.10-0-0-1.default.pod.cluster.local", .a).addresses == ["10.0.0.1"])
        let service = try ask("10-0-0-1.default.pod.cluster.local", .srv)
        let target = DomainName("10-0-0-1.default.pod.cluster.local")!
        #expect(service.answers.map(\.data) == [.srv(priority: 0, weight: 100, port: 0, target: target)])
        #expect(service.additionals.count == 1)
    }

    @Test("an external name is a CNAME, followed inside of the cluster")
    func aliases() throws {
        let outside = try ask("outside.default.svc.cluster.local", .a)
        #expect(outside.answers.map(\.data) == [.cname(DomainName("www.example.com")!)])
        let inside = try ask("alias.default.svc.cluster.local", .a)
        #expect(inside.answers.map(\.data.type) == [.cname, .a])
        #expect(inside.answers.last?.name == DomainName("multitool-dual-stack.default.svc.cluster.local"))
    }

    @Test(
        "an alias is told to those who ask for addresses or for it, and nothing else is known of its name",
        arguments: [
            .srv, .txt, .ptr, .ns, .soa, RecordType(rawValue: 13), RecordType(rawValue: 15), .init(rawValue: 255),
        ]
            as [RecordType])
    func aliasOfOtherType(_ type: RecordType) throws {
        let reply = try ask("outside.default.svc.cluster.local", type)
        #expect(reply.responseCode == .noError && reply.answers.isEmpty && reply.authorities.count == 1)
    }

    @Test(
        "an alias that leads to nothing in the zone, or in a circle, is left out",
        arguments: ["circle", "there", "back", "below", "nowhere", "alias-of-nobody", "link-0"])
    func deadAliases(_ name: String) throws {
        for type in [RecordType.a, .aaaa] {
            let reply = try ask("\(name).default.svc.cluster.local", type)
            #expect(reply.responseCode == .noError && reply.answers.isEmpty && reply.authorities.count == 1)
        }
        #expect(try ask("\(name).default.svc.cluster.local", .cname).answers.count == 1)
        #expect(try ask("x.\(name).default.svc.cluster.local", .cname).responseCode == .nameError)
    }

    @Test("a chain of aliases is followed up to eleven of them")
    func chain() throws {
        #expect(try ask("link-1.default.svc.cluster.local", .a).answers.count == 12)
        #expect(try ask("link-1.default.svc.cluster.local", .a).addresses == ["10.96.1.1"])
        // Nothing of the family that is asked for.
        #expect(try ask("to-six.default.svc.cluster.local", .a).answers.isEmpty)
        #expect(try ask("to-six.default.svc.cluster.local", .aaaa).answers.map(\.data.type) == [.cname, .aaaa])
    }

    @Test("the zone is called in answers as it was in the question, all before it as it is")
    func letterCase() throws {
        let zone = "cLuStEr.LoCaL."
        let service = try ask("_HtTp._TcP.multitool-DUAL-stack.DeFault.SvC.\(zone)", .srv)
        let target = try #require(service.additionals.first?.name)
        #expect(service.answers.first?.name.description == "_HtTp._TcP.multitool-DUAL-stack.DeFault.SvC.\(zone)")
        #expect(target.description == "multitool-dual-stack.default.svc.\(zone)")
        let missing = try ask("Nothing.\(zone)", .a).authorities
        #expect(missing.first?.name.description == zone)
        guard case .soa(let soa) = missing.first?.data else { Issue.record("no SOA"); return }
        #expect(soa.primary.description == "ns.dns.\(zone)" && soa.mailbox.description == "hostmaster.\(zone)")
        let servers = try ask(zone, .ns)
        #expect(servers.answers.map(\.name.description) == [zone])
        #expect(servers.additionals.first?.name.description == "kube-dns.kube-system.svc.\(zone)")
        #expect(try ask(zone, .soa).answers.first?.name.description == zone)
        #expect(try ask("NS.dns.\(zone)", .a).addresses == ["10.96.0.10"])
        // Reverse names lead to the zone as the cluster calls it.
        #expect(
            try ask("10.0.96.10.IN-addr.ARPA", .ptr).answers.map(\.data)
                .map { if case .ptr(let name) = $0 { name.description } else { "" } }
                == ["kube-dns.kube-system.svc.cluster.local."])
    }

    @Test("the SOA of a name below the apex is an empty answer, whether there is such a name or not")
    func deepAuthority() throws {
        for name in ["nothing.cluster.local", "multitool-dual-stack.default.svc.cluster.local", "1.2.3.in-addr.arpa"] {
            let reply = try ask(name, .soa)
            #expect(reply.responseCode == .noError && reply.isAuthoritative && reply.answers.isEmpty)
            #expect(reply.authorities.map(\.data.type) == [.soa])
        }
    }

    @Test(
        "text is known of no name but the version's; a name without anything behind it is answered as if it were none")
    func texts() throws {
        #expect(try ask("multitool-dual-stack.default.svc.cluster.local", .txt).responseCode == .noError)
        #expect(try ask("10-0-0-1.default.pod.cluster.local", .txt).responseCode == .noError)
        for name in ["cluster.local", "svc.cluster.local", "default.svc.cluster.local", "ns.dns.cluster.local"] {
            #expect(try ask(name, .txt).responseCode == .nameError, "\(name)")
        }
    }

    @Test("the underscores of a port's name may be left out, and one alone stands for every port or protocol")
    func underscores() throws {
        let name = "multitool-dual-stack.default.svc.cluster.local"
        for labels in ["_http._tcp", "http.tcp", "_http.tcp", "_._tcp", "_http._", "_._"] {
            let reply = try ask("\(labels).\(name)", .srv)
            #expect(reply.answers.count == 1 && reply.additionals.count == 2, "\(labels)")
            #expect(try ask("\(labels).\(name)", .a).addresses == ["10.96.1.1"])
        }
        for labels in ["_http._udp", "_https._tcp", "__http._tcp", "_tcp", "_http"] {
            #expect(try ask("\(labels).\(name)", .srv).responseCode == .nameError, "\(labels)")
        }
    }

    @Test("an endpoint of a service with an address of its own has a name too")
    func endpointNames() throws {
        let name = "192-168-77-1.multitool-dual-stack.default.svc.cluster.local"
        #expect(try ask(name, .a).addresses == ["192.168.77.1"])
        #expect(try ask(name.uppercased(), .a).addresses == ["192.168.77.1"])
        #expect(try ask(name, .aaaa).responseCode == .noError)
    }

    @Test("the name servers are all services of their pods")
    func nameServers() throws {
        let pods = ["192.168.7.1", "192.168.7.2"].map { ClusterZone.Endpoint(address: IPAddress($0)!) }
        let ports = [ClusterZone.Port(name: "dns", transport: .udp, number: 53)]
        let zone = ClusterZone(services: [
            ClusterZone.Service(
                name: "kube-dns", namespace: "kube-system", clusterAddresses: addresses("10.96.0.10"), ports: ports,
                endpoints: pods),
            ClusterZone.Service(name: "direct", isHeadless: true, ports: ports, endpoints: pods),
            ClusterZone.Service(name: "other", clusterAddresses: addresses("10.96.0.11"), ports: ports),
        ])
        let server = try NameServer(zone)
        let query = Message.query(DomainName("cluster.local")!, .ns, id: 1)
        let reply = try Message(reading: #require(server.answer(query.bytes(), over: .tcp)))
        #expect(reply.answers.count == 3 && reply.additionals.count == 3)
        #expect(
            Set(reply.additionals.map(\.name.description)) == [
                "kube-dns.kube-system.svc.cluster.local.", "192-168-7-1.direct.default.svc.cluster.local.",
                "192-168-7-2.direct.default.svc.cluster.local.",
            ])
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
