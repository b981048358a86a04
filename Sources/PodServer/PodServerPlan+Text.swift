import Addresses
import DNS
import HTTP

/// The plan as text, a line a thing: what the command that changes the lab writes and the background process reads.
///
/// Not JSON: the process reads it before it is ready, and does without a library for it. A word is written with `%XX` for
/// blanks and what does not print, as `%` if it is empty, and as `-` if there is none.
extension PodServerPlan {
    /// The first line.
    private static let title = "nslab-responders 1"

    /// The plan as it is written.
    public var text: String {
        var lines = [Self.title, "lab \(word(lab))", "zone \(word(zone.domain)) \(zone.serial)"]
        for pod in pods {
            lines.append(
                "pod \(word(pod.pin)) \(word(pod.page.name)) \(word(pod.page.namespace)) \(word(pod.page.node)) "
                    + list(pod.page.addresses)
            )
            for listener in pod.listeners {
                let answer =
                    switch listener.answer {
                    case .http(let body): "http \(word(body))"
                    case .echo: "echo"
                    case .dns: "dns"
                    }
                lines.append("listen \(listener.transport) \(listener.port) \(listener.families) \(answer)")
            }
        }
        for namespace in zone.namespaces { lines.append("namespace \(word(namespace))") }
        for service in zone.services {
            lines.append(
                "service \(word(service.name)) \(word(service.namespace)) "
                    + "\(service.isHeadless ? "headless" : "cluster") \(list(service.clusterAddresses)) "
                    + word(service.externalName))
            if !service.ports.isEmpty { lines.append("ports \(ports(service.ports))") }
            for endpoint in service.endpoints {
                lines.append(
                    "endpoint \(endpoint.address) \(word(endpoint.hostname)) \(endpoint.isReady ? "ready" : "waiting")"
                        + (endpoint.ports.isEmpty ? "" : " \(ports(endpoint.ports))"))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Reads a plan.
    public init(reading text: String) throws(UnreadablePlan) {
        self.init(lab: "")
        zone.namespaces = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var words = Words(line: index + 1, rest: line.split(separator: " ")[...])
            if index == 0 {
                guard line == Self.title[...] else { throw words.unreadable }
            } else if !line.isEmpty {
                try read(&words)
                guard words.rest.isEmpty else { throw words.unreadable }
            }
        }
    }

    private mutating func read(_ words: inout Words) throws(UnreadablePlan) {
        switch try words.next() {
        case "lab": lab = try words.text()
        case "zone":
            zone.domain = try words.text()
            zone.serial = try words.number()
        case "pod":
            pods.append(
                Pod(
                    pin: try words.text(),
                    page: PodPage(
                        name: try words.text(), namespace: try words.text(), node: try words.text(),
                        addresses: try words.addresses()), listeners: []))
        case "listen":
            guard !pods.isEmpty, let transport = Transport(String(try words.next())), transport != .sctp else {
                throw words.unreadable
            }
            let port: UInt16 = try words.number()
            guard let families = Families(rawValue: String(try words.next())) else { throw words.unreadable }
            let answer: Answer
            switch try words.next() {
            case "http" where transport == .tcp: answer = .http(body: try words.optionalText())
            case "echo": answer = .echo
            case "dns": answer = .dns
            default: throw words.unreadable
            }
            pods[pods.count - 1].listeners.append(Listener(transport, port, families: families, answer: answer))
        case "namespace": zone.namespaces.append(try words.text())
        case "service":
            let name = try words.text()
            let namespace = try words.text()
            let isHeadless = try words.next() == "headless"
            zone.services.append(
                ClusterZone.Service(
                    name: name, namespace: namespace, clusterAddresses: try words.addresses(), isHeadless: isHeadless,
                    externalName: try words.optionalText()))
        case "ports":
            guard !zone.services.isEmpty else { throw words.unreadable }
            zone.services[zone.services.count - 1].ports = try words.ports()
        case "endpoint":
            guard !zone.services.isEmpty, let address = IPAddress(try words.next()) else { throw words.unreadable }
            let hostname = try words.optionalText()
            let isReady = try words.next() == "ready"
            zone.services[zone.services.count - 1].endpoints.append(
                ClusterZone.Endpoint(
                    address: address, hostname: hostname, isReady: isReady,
                    ports: words.rest.isEmpty ? [] : try words.ports()))
        default: throw words.unreadable
        }
    }
}

/// A plan that cannot be read.
public struct UnreadablePlan: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line, from 1.
    public var line: Int
    public var description: String { "line \(line) of the plan cannot be read" }
}

/// The words of one line.
private struct Words {
    let line: Int
    var rest: ArraySlice<Substring>

    var unreadable: UnreadablePlan { UnreadablePlan(line: line) }

    mutating func next() throws(UnreadablePlan) -> Substring {
        guard let word = rest.popFirst() else { throw unreadable }
        return word
    }

    mutating func number<Number: FixedWidthInteger>() throws(UnreadablePlan) -> Number {
        guard let number = Number(try next()) else { throw unreadable }
        return number
    }

    mutating func optionalText() throws(UnreadablePlan) -> String? {
        let word = try next()
        if word == "-" { return nil }
        if word == "%" { return "" }
        var bytes: [UInt8] = []
        var octets = word.utf8[...]
        while let octet = octets.popFirst() {
            if octet == UInt8(ascii: "%") {
                guard octets.count >= 2, let value = UInt8(String(Substring(octets.prefix(2))), radix: 16) else {
                    throw unreadable
                }
                octets = octets.dropFirst(2)
                bytes.append(value)
            } else {
                bytes.append(octet)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func text() throws(UnreadablePlan) -> String {
        guard let text = try optionalText() else { throw unreadable }
        return text
    }

    mutating func addresses() throws(UnreadablePlan) -> [IPAddress] {
        let word = try next()
        if word == "-" { return [] }
        var addresses: [IPAddress] = []
        for part in word.split(separator: ",") {
            guard let address = IPAddress(part) else { throw unreadable }
            addresses.append(address)
        }
        return addresses
    }

    /// The rest of the line: `NAME/TRANSPORT/NUMBER` each.
    mutating func ports() throws(UnreadablePlan) -> [ClusterZone.Port] {
        var ports: [ClusterZone.Port] = []
        while let word = rest.popFirst() {
            var parts = Words(line: line, rest: word.split(separator: "/")[...])
            let name = try parts.optionalText()
            guard let transport = Transport(String(try parts.next())) else { throw unreadable }
            ports.append(ClusterZone.Port(name: name, transport: transport, number: try parts.number()))
        }
        return ports
    }
}

private func word(_ text: String?) -> String {
    guard let text else { return "-" }
    var word: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for octet in text.utf8 {
        // The separators of words and of lists, what does not print, and a lone dash.
        if octet <= 0x20 || octet >= 0x7f || octet == UInt8(ascii: "%") || octet == UInt8(ascii: "/") || text == "-" {
            word += [UInt8(ascii: "%"), digits[Int(octet >> 4)], digits[Int(octet & 15)]]
        } else {
            word.append(octet)
        }
    }
    return word.isEmpty ? "%" : String(decoding: word, as: UTF8.self)
}

private func list(_ addresses: [IPAddress]) -> String {
    addresses.isEmpty ? "-" : addresses.map(\.description).joined(separator: ",")
}

private func ports(_ ports: [ClusterZone.Port]) -> String {
    ports.map { "\(word($0.name))/\($0.transport)/\($0.number)" }.joined(separator: " ")
}
