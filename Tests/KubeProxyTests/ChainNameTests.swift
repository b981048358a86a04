import Addresses
import Testing

@testable import KubeProxy

@Suite("Names of chains")
struct ChainNameTests {
    @Test(
        "SHA-256 of the examples of FIPS 180, and around the ends of blocks",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
            (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
            (String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
        ])
    func digests(message: String, digest: String) {
        let found = SHA256.digest(message.utf8).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        #expect(found.joined() == digest)
    }

    @Test("a port's name, an endpoint's, and that of a port without a name")
    func names() {
        #expect(ChainName.servicePort("ns1", "svc1", .tcp, "p80") == "ULMVA6XW-ns1/svc1/tcp/p80")
        #expect(
            ChainName.endpoints("ns1", "svc1", .tcp, "p80")("10.180.0.1", 80)
                == "5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80")
        #expect(ChainName.servicePort("ns", "svc", .udp, "").hasSuffix("-ns/svc/udp/"))
        let six = ChainName.endpoints("ns1", "svc1", .tcp, "p80")("fd00:10::1", 80)
        #expect(six.hasSuffix("-ns1/svc1/tcp/p80__fd00.10..1/80"))
    }

    @Test("a name that would be too long for the kernel is cut, and stays one of its own by its hash")
    func long() {
        let label = String(repeating: "x", count: 63)
        let host = "2001:db8:1111:2222:3333:4444:5555:6666"
        let names = [80, 81].map { ChainName.endpoints(label, label, .sctp, label)(host, $0) }
        for name in names { #expect(name.utf8.count == ChainName.longest && name.hasSuffix("...")) }
        #expect(names[0].dropFirst(8) == names[1].dropFirst(8) && names[0] != names[1])
    }

    @Test("what a chain stands for is read from its name, whatever the name is")
    func objects() {
        let port = ChainName.servicePort("ns1", "svc1", .tcp, "p80")
        #expect(ServiceChain.object(of: "service-" + port) == "service ns1/svc1 tcp p80")
        #expect(ServiceChain.object(of: "external-" + ChainName.servicePort("a", "b", .udp, "")) == "service a/b udp")
        let end = ChainName.endpoints("ns1", "svc1", .tcp, "p80")
        #expect(
            ServiceChain.object(of: "endpoint-" + end("10.180.0.1", 80))
                == "endpoint 10.180.0.1 port 80 of ns1/svc1 tcp p80")
        #expect(
            ServiceChain.object(of: "endpoint-" + end("fd00:10::1", 80))
                == "endpoint fd00:10::1 port 80 of ns1/svc1 tcp p80")
        for other in [
            "", "services", "service-", "service-ABCDEFGH", "service-ABCDEFGH-", "endpoint-ABCDEFGH-a/b__", "mine",
        ] {
            #expect(ServiceChain.object(of: other) == nil)
        }
    }
}
