import Addresses
import HTTP
import Testing

@Suite("A pod's page")
struct PodPageTests {
    private let page = PodPage(
        name: "web-0", namespace: "default", node: "worker",
        addresses: [IPAddress("10.9.0.1")!, IPAddress("fd00:9::1")!],
        client: PodPage.Client(address: IPAddress("10.9.0.2")!, port: 4711))

    @Test("a line a fact")
    func text() {
        #expect(
            String(decoding: page.text, as: UTF8.self) == """
                pod: web-0
                namespace: default
                node: worker
                addresses: 10.9.0.1, fd00:9::1
                client: 10.9.0.2
                client port: 4711
                family: IPv4

                """)
    }

    @Test("what is written is read again")
    func roundTrip() {
        #expect(PodPage(page.text) == page)
        var unseen = page
        unseen.client = nil
        #expect(PodPage(unseen.text) == unseen)
        var bare = page
        bare.addresses = []
        #expect(PodPage(bare.text) == bare)
    }

    @Test("JSON, with what must be escaped")
    func json() {
        var quoted = page
        quoted.node = "a\"\\\u{1}"
        #expect(
            String(decoding: quoted.json, as: UTF8.self)
                == #"{"pod": "web-0", "namespace": "default", "node": "a\"\\\u0001", "#
                + #""addresses": ["10.9.0.1", "fd00:9::1"], "client": "10.9.0.2", "clientPort": 4711, "family": "IPv4"}"#
                + "\n")
    }

    @Test("IPv4 through an IPv6 socket is IPv4")
    func mapped() {
        #expect(PodPage.Client(address: IPAddress("::ffff:10.9.0.2")!, port: 1).address == IPAddress("10.9.0.2"))
        #expect(PodPage.Client(address: IPAddress("fd00::1")!, port: 1).address == IPAddress("fd00::1"))
    }

    @Test(
        "what is no page is none",
        arguments: [
            "", "hello\n", "pod: a\nnamespace: b\nnode: c\n", "pod: a\nnamespace: b\nnode: c\naddresses: nonsense\n",
            "namespace: b\nnode: c\naddresses: 10.0.0.1\n",
        ])
    func none(_ text: String) {
        #expect(PodPage(Array(text.utf8)) == nil)
    }
}
