import Addresses
import DNS

/// The cluster that the tests ask.
let cluster = ClusterZone(
    namespaces: ["default", "empty"],
    services: [
        ClusterZone.Service(
            name: "kube-dns", namespace: "kube-system", clusterAddresses: addresses("10.96.0.10", "fd00:10:96::a"),
            ports: [
                ClusterZone.Port(name: "dns", transport: .udp, number: 53),
                ClusterZone.Port(name: "dns-tcp", number: 53),
            ]),
        ClusterZone.Service(
            name: "multitool-dual-stack", clusterAddresses: addresses("10.96.1.1", "fd00:10:96::101"),
            ports: [ClusterZone.Port(name: "http", number: 80)],
            endpoints: [endpoint("192.168.77.1"), endpoint("fd00:10:244:1b38:1133:7e2c:be1e:4d01")]),
        ClusterZone.Service(
            name: "multitool-ipv6-only", clusterAddresses: addresses("fd00:10:96::102"),
            ports: [ClusterZone.Port(number: 80)]),
        ClusterZone.Service(
            name: "headless", isHeadless: true, ports: [ClusterZone.Port(name: "http", number: 80)],
            endpoints: [
                endpoint("192.168.77.2", hostname: "web-0", port: 8080),
                endpoint("fd00:10:244::2", hostname: "web-0", port: 8080),
                endpoint("192.168.77.3", port: 8080), endpoint("192.168.77.4", isReady: false, port: 8080),
                endpoint("fd00:10:244::", port: 8080),
            ]),
        ClusterZone.Service(name: "nobody", isHeadless: true, ports: [ClusterZone.Port(number: 80)]),
        ClusterZone.Service(name: "outside", externalName: "www.example.com"),
        ClusterZone.Service(name: "alias", externalName: "multitool-dual-stack.default.svc.cluster.local"),
        ClusterZone.Service(name: "circle", externalName: "circle.default.svc.cluster.local"),
        ClusterZone.Service(name: "there", externalName: "back.default.svc.cluster.local"),
        ClusterZone.Service(name: "back", externalName: "there.default.svc.cluster.local"),
        ClusterZone.Service(name: "below", externalName: "a.below.default.svc.cluster.local"),
        ClusterZone.Service(name: "nowhere", externalName: "nothing.default.svc.cluster.local"),
        ClusterZone.Service(name: "alias-of-nobody", externalName: "nobody.default.svc.cluster.local"),
        ClusterZone.Service(name: "to-six", externalName: "multitool-ipv6-only.default.svc.cluster.local"),
        ClusterZone.Service(name: "numeric", externalName: "10.1.2.3"),
        ClusterZone.Service(
            name: "many", isHeadless: true,
            endpoints: (1...200).map { endpoint("10.1.0.\($0)", hostname: "many-\($0)") }),
    ] + chain)

/// Twelve aliases from `link-0` on, the last of which leads to a service.
private let chain = (0..<12).map { number in
    let target = number == 11 ? "multitool-dual-stack" : "link-\(number + 1)"
    return ClusterZone.Service(name: "link-\(number)", externalName: "\(target).default.svc.cluster.local")
}

func addresses(_ texts: String...) -> [IPAddress] { texts.map { IPAddress($0)! } }

private func endpoint(
    _ address: String, hostname: String? = nil, isReady: Bool = true, port: UInt16? = nil
) -> ClusterZone.Endpoint {
    ClusterZone.Endpoint(
        address: IPAddress(address)!, hostname: hostname, isReady: isReady,
        ports: port.map { [ClusterZone.Port(name: "http", number: $0)] } ?? [])
}

let server = (try? NameServer(cluster))!

/// Asks the server as a client would, with the bytes of a query.
func ask(
    _ name: String, _ type: RecordType, over transport: Transport = .tcp, payload: UInt16? = nil,
    turn: Int = 0, of server: NameServer = server
) throws -> Message {
    let query = Message.query(DomainName(name)!, type, id: 0x1234, payload: payload)
    guard let answer = server.answer(query.bytes(), over: transport, turn: turn) else { throw Unanswered() }
    return try Message(reading: answer)
}

struct Unanswered: Error {}

extension Message {
    /// The addresses in the answer, as text.
    var addresses: [String] {
        answers.compactMap {
            switch $0.data {
            case .a(let address): address.description
            case .aaaa(let address): address.description
            default: nil
            }
        }
    }
}
