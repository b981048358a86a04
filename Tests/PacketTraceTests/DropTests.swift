import Glibc
import KernelTestSupport
import NetworkNamespaces
import Testing

@testable import PacketTrace

@Suite("What the kernel says of packets that it drops")
struct DropTests {
    @Test("counters are read from lists of both forms, by nstat's names, and what has risen is told")
    func counters() {
        let before = DropCounters([
            "TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 3 4\nUdp: InDatagrams RcvbufErrors\nUdp: 9 0\n",
            "Ip6InReceives                   \t7\nUdp6RcvbufErrors                \t1\n",
            "XfrmInNoPols            \t0\n",
        ])
        let after = DropCounters([
            "TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 5 5\nUdp: InDatagrams RcvbufErrors\nUdp: 10 0\n",
            "Ip6InReceives                   \t8\nUdp6RcvbufErrors                \t2\n",
            "XfrmInNoPols            \t1\n",
        ])
        #expect(
            after.risen(since: before).map(\.name) == ["TcpExtListenOverflows", "Udp6RcvbufErrors", "XfrmInNoPols"])
        #expect(before.risen(since: before).isEmpty)
        let names = DropCounters.meanings.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(
        "lists that are cut short or wrong are read as far as they go",
        arguments: [
            "", "\n\n", "Udp: RcvbufErrors", "Udp: RcvbufErrors\nUdp: x\n", "Udp: RcvbufErrors\nUdp: 1 2\n", ": \n: \n",
        ])
    func wrongLists(list: String) {
        #expect(DropCounters([list]).risen(since: DropCounters([])).isEmpty)
    }

    @Test("the form of the tracepoint's events is read from the kernel's own description")
    func format() throws {
        let text = """
            name: kfree_skb
            ID: 1520
            format:
            \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
            \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

            \tfield:void * skbaddr;\toffset:8;\tsize:8;\tsigned:0;
            \tfield:void * location;\toffset:16;\tsize:8;\tsigned:0;
            \tfield:unsigned short protocol;\toffset:24;\tsize:2;\tsigned:0;
            \tfield:enum skb_drop_reason reason;\toffset:28;\tsize:4;\tsigned:0;

            print fmt: "skbaddr=%p protocol=%u location=%pS reason: %s", REC->skbaddr, REC->protocol, REC->location, __print_symbolic(REC->reason, { 1, "NOT_SPECIFIED" }, { 2, "NO_SOCKET" }, { 0, "MAX" })
            """
        let format = try #require(DropEventFormat(text))
        #expect(format.id == 1520)
        var event = [UInt8](repeating: 0, count: 32)
        (event[24], event[25], event[28]) = (0xdd, 0x86, 2)
        let read = try #require(format.read(event))
        #expect(read == ("NO_SOCKET", 0x86dd))
        event[28] = 77
        #expect(format.read(event) == nil)
        #expect(format.read(Array(event.prefix(30))) == nil)
        // Before Linux 5.17 there were no reasons.
        #expect(DropEventFormat(text.replacing("reason;", with: "other;")) == nil)
        #expect(DropEventFormat("") == nil)
    }

    @Test("a datagram that finds no room is counted, and the tracepoint hears of it where it may be asked", .needsRoot)
    func fullSocket() async throws {
        try await inNamespace { inside in
            try Witness.ip("link set lo up")
            let watch = DropWatch()
            let before = DropCounters(in: inside)
            let script = """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 7777))
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
                for _ in range(100): socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(bytes(1000), ("127.0.0.1", 7777))
                """
            try Witness.output(["python3", "-c", script])
            let risen = DropCounters(in: inside).risen(since: before).map(\.name)
            #expect(risen == ["UdpRcvbufErrors"])
            // nstat lists what is not nought.
            let listed = try Witness.output(["nstat", "-as", "UdpRcvbufErrors"])
            #expect(listed.contains("UdpRcvbufErrors"), "\(listed)")
            if let watch {
                #expect(watch.events().contains { $0.reason == "SOCKET_RCVBUFF" && $0.etherType == 0x0800 })
            }
        }
    }
}
