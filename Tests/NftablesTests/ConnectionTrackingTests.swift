import Addresses
import Glibc
import KernelTestSupport
import NetworkNamespaces
import Nftables
import Testing

@Suite("Connections that a namespace keeps track of", .needsRoot, .timeLimit(.minutes(20)))
struct ConnectionTrackingTests {
    @Test("one is found by what its packets have and by what its answers have, as conntrack lists it")
    func connection() async throws {
        try await inNamespace { inside in
            for command in [
                "link set lo up", "link add eth0 type veth peer name eth1", "link set eth0 up", "link set eth1 up",
                "addr add 10.77.0.1/24 dev eth0",
            ] { try Witness.ip(command) }
            // What is sent to one address of its own goes to another.
            let rules = """
                table ip mine {
                    chain c { type nat hook output priority 0; ip daddr 10.77.0.9 dnat to 10.77.0.1; }
                }
                """
            var tracking = try ConnectionTracking(in: inside)
            let (client, service, server) = (IPAddress("10.77.0.1")!, IPAddress("10.77.0.9")!, IPAddress("10.77.0.1")!)
            func echo(_ from: IPAddress, _ to: IPAddress, _ type: UInt8, _ number: UInt16) -> ConnectionTuple {
                ConnectionTuple(
                    from: from, to: to, transport: UInt8(IPPROTO_ICMP), .echo(type: type, code: 0, identifier: number))
            }
            #expect(try tracking.connection(of: echo(client, service, 8, 77)) == nil)
            try Witness.output(["nft", "-f", "-"], input: rules)
            try Witness.output(["ping", "-e", "77", "-c", "1", "-W", "5", "10.77.0.9"])
            let found = try #require(try tracking.connection(of: echo(client, service, 8, 77)))
            #expect(found.isTranslated && found.isReplied && !found.isAssured && found.state == nil)
            #expect(found.original == echo(client, service, 8, 77) && found.reply == echo(server, client, 0, 77))
            #expect(try tracking.connection(of: echo(server, client, 0, 77)) == found)
            #expect(try tracking.connection(of: echo(client, service, 8, 78)) == nil)
            let listed = try Witness.output(["conntrack", "-L", "-p", "icmp"])
            #expect(listed.contains("\(found.original) \(found.reply) "), "\(listed)")
            #expect("\(found)" == "icmp \(found.original) \(found.reply)")
            try tracking.flush()
            #expect(try tracking.connection(of: echo(client, service, 8, 77)) == nil)
        }
    }

    @Test("of TCP the state is told")
    func state() async throws {
        try await inNamespace { inside in
            try Witness.ip("link set lo up")
            try Witness.output(
                ["nft", "-f", "-"],
                input: "table inet mine { chain c { type filter hook output priority 0; ct state new counter; }; }\n")
            let script = """
                import socket
                s = socket.create_server(("::1", 7777), family=socket.AF_INET6)
                c = socket.socket(socket.AF_INET6); c.bind(("::1", 7776)); c.connect(("::1", 7777)); a = s.accept()
                import signal; signal.pause()
                """
            let process = try Witness.Process(["python3", "-c", script])
            defer { process.send(SIGKILL) }
            try eventually("it is connected") {
                try Witness.output(["ss", "-Htn", "state", "established"]).contains(":7776")
            }
            var tracking = try ConnectionTracking(in: inside)
            let tuple = ConnectionTuple(
                from: IPAddress("::1")!, to: IPAddress("::1")!, transport: UInt8(IPPROTO_TCP),
                .ports(source: 7776, destination: 7777))
            let found = try #require(try tracking.connection(of: tuple))
            #expect(found.state == "ESTABLISHED" && found.isAssured && !found.isTranslated)
            let listed = try Witness.output(["conntrack", "-L", "-f", "ipv6", "-p", "tcp"])
            #expect(listed.contains("ESTABLISHED \(found.original) \(found.reply) [ASSURED]"), "\(listed)")
        }
    }

    @Test("a tuple's inverse is that of answers, and there is none of messages that nobody answers")
    func inverse() {
        let (one, other) = (IPAddress("10.0.0.1")!, IPAddress("10.0.0.2")!)
        let tuple = ConnectionTuple(from: one, to: other, transport: 17, .ports(source: 4000, destination: 53))
        #expect("\(tuple)" == "src=10.0.0.1 dst=10.0.0.2 sport=4000 dport=53")
        #expect(tuple.inverse.map { "\($0)" } == "src=10.0.0.2 dst=10.0.0.1 sport=53 dport=4000")
        #expect(tuple.inverse?.inverse == tuple)
        let echo = ConnectionTuple(from: one, to: other, transport: 1, .echo(type: 8, code: 0, identifier: 9))
        #expect(echo.inverse?.ends == .echo(type: 0, code: 0, identifier: 9))
        let error = ConnectionTuple(from: one, to: other, transport: 1, .echo(type: 3, code: 0, identifier: 9))
        #expect(error.inverse == nil)
    }
}
