import Addresses
import DNS

/// A cluster with a name of each sort.
private let server = try? NameServer(
    ClusterZone(services: [
        ClusterZone.Service(
            name: "a", clusterAddresses: addresses("10.96.0.1", "fd00::1"),
            ports: [ClusterZone.Port(name: "b", number: 80)]),
        ClusterZone.Service(
            name: "h", isHeadless: true,
            endpoints: (0..<100).map { ClusterZone.Endpoint(address: .v4(IPv4Address($0))) }),
        ClusterZone.Service(name: "e", externalName: "a.default.svc.cluster.local"),
    ]))

private func addresses(_ texts: String...) -> [IPAddress] { texts.compactMap { IPAddress($0) } }

/// What libFuzzer calls with each input: reads it as a message, which must be the same after it was written and read again,
/// and asks the name server with it, whose answers must be messages within their limits. The bytes are read as a TCP stream
/// as well.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDNS(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if let message = try? Message(reading: bytes) {
        let written = message.bytes()
        guard let again = try? Message(reading: written) else { preconditionFailure("cannot be read again") }
        // A longer message than there can be is cut.
        precondition(again == message || again.isTruncated || written.count > 65000, "differs after it was read again")
    }
    guard let server else { preconditionFailure("no server") }
    for transport in [Transport.udp, .tcp] {
        guard let answer = server.answer(bytes, over: transport, turn: count) else { continue }
        guard let message = try? Message(reading: answer) else { preconditionFailure("the answer is no message") }
        precondition(message.isResponse && answer.count <= (transport == .udp ? 4096 : 65535))
        if message.edns == nil, transport == .udp { precondition(answer.count <= 512) }
    }
    var frames = TCPFrames()
    frames.append(bytes)
    while frames.next() != nil {}
    return 0
}
