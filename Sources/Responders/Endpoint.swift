import Addresses
import DNS
import Synchronization

/// One listening socket of the process and what answers there.
///
/// A class, because connections look at it when they begin and a plan may change it meanwhile.
final class Endpoint: Sendable {
    let name: SocketName
    private let content: Mutex<Content>

    /// Who answers, and what.
    struct Content: Sendable {
        var pod: ResponderPlan.Pod
        var answer: ResponderPlan.Answer
    }

    init(name: SocketName, _ content: Content) {
        self.name = name
        self.content = Mutex(content)
    }

    /// What answers the connections that begin now.
    var current: Content {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }
}

extension ResponderPlan {
    /// What answers at each of the plan's sockets of one transport protocol.
    func contents(_ transport: Transport) -> [SocketName: Endpoint.Content] {
        var contents: [SocketName: Endpoint.Content] = [:]
        for pod in pods {
            for listener in pod.listeners where listener.transport == transport {
                contents[SocketName(pod.pin, listener)] = Endpoint.Content(pod: pod, answer: listener.answer)
            }
        }
        return contents
    }
}

/// The name server of the moment, for all that answer DNS.
final class CurrentZone: Sendable {
    private let server = Mutex<NameServer?>(nil)

    var current: NameServer? {
        get { server.withLock { $0 } }
        set { server.withLock { $0 = newValue } }
    }
}

/// Who asked, as the far end of a connection or the sender of a datagram; IPv4 through an IPv6 socket is IPv4.
struct Client: Hashable, Sendable {
    var address: IPAddress
    var port: UInt16

    init(address: IPAddress, port: UInt16) {
        self.port = port
        if case .v6(let mapped) = address, mapped.value >> 32 == 0xffff {
            self.address = .v4(IPv4Address(UInt32(truncatingIfNeeded: mapped.value)))
        } else {
            self.address = address
        }
    }
}

/// The page that a pod gives: who answered, and whom it saw.
enum Page {
    /// The page as text, a fact a line.
    static func text(_ pod: ResponderPlan.Pod, _ client: Client?) -> [UInt8] {
        var text = "pod: \(pod.name)\nnamespace: \(pod.namespace)\nnode: \(pod.node)\n"
        text += "addresses: \(pod.addresses.map(\.description).joined(separator: ", "))\n"
        if let client {
            text += "client: \(client.address)\nclient port: \(client.port)\nfamily: \(client.address.family)\n"
        }
        return Array(text.utf8)
    }

    /// The page as JSON.
    static func json(_ pod: ResponderPlan.Pod, _ client: Client?) -> [UInt8] {
        var fields = [
            "\"pod\": \(quoted(pod.name))", "\"namespace\": \(quoted(pod.namespace))", "\"node\": \(quoted(pod.node))",
            "\"addresses\": [\(pod.addresses.map { quoted($0.description) }.joined(separator: ", "))]",
        ]
        if let client {
            fields += [
                "\"client\": \(quoted(client.address.description))", "\"clientPort\": \(client.port)",
                "\"family\": \(quoted(client.address.family.description))",
            ]
        }
        return Array("{\(fields.joined(separator: ", "))}\n".utf8)
    }

    /// A JSON string (RFC 8259, 7).
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{0}"..."\u{1f}":
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
