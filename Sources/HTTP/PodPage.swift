import Addresses

/// The page that a pod serves: who answered, and whom it saw.
public struct PodPage: Codable, Hashable, Sendable {
    /// The pod's name.
    public var name: String
    /// Its Kubernetes namespace.
    public var namespace: String
    /// The node that it runs on.
    public var node: String
    public var addresses: [IPAddress]
    /// Who asked; nil for one that was gone already.
    public var client: Client?

    public init(name: String, namespace: String, node: String, addresses: [IPAddress], client: Client? = nil) {
        self.name = name
        self.namespace = namespace
        self.node = node
        self.addresses = addresses
        self.client = client
    }

    /// The far end of a connection. IPv4 that came through an IPv6 socket is IPv4.
    public struct Client: Codable, Hashable, Sendable {
        public var address: IPAddress
        public var port: UInt16

        /// A client, with an IPv4-mapped address (RFC 4291, 2.5.5.2) made the IPv4 one.
        public init(address: IPAddress, port: UInt16) {
            self.port = port
            if case .v6(let mapped) = address, mapped.value >> 32 == 0xffff {
                self.address = .v4(IPv4Address(UInt32(truncatingIfNeeded: mapped.value)))
            } else {
                self.address = address
            }
        }
    }

    /// What each line begins with.
    private enum Field: String, CaseIterable {
        case pod, namespace, node, addresses, client
        case clientPort = "client port"
        case family
    }

    private func value(of field: Field) -> String? {
        switch field {
        case .pod: name
        case .namespace: namespace
        case .node: node
        case .addresses: addresses.map(\.description).joined(separator: ", ")
        case .client: client?.address.description
        case .clientPort: client?.port.description
        case .family: client?.address.family.description
        }
    }

    /// The page as text: a line a fact, `NAME: VALUE`.
    public var text: [UInt8] {
        var text = ""
        for field in Field.allCases {
            if let value = value(of: field) { text += "\(field.rawValue): \(value)\n" }
        }
        return Array(text.utf8)
    }

    /// Reads a page of text.
    ///
    /// - Returns: nil unless it says which pod answered, where, and at which addresses.
    public init?(_ text: [UInt8]) {
        var values: [Field: Substring] = [:]
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":"), let field = Field(rawValue: String(line[..<colon])) else {
                continue
            }
            values[field] = line[line.index(after: colon)...].drop { $0 == " " }
        }
        guard let name = values[.pod], let namespace = values[.namespace], let node = values[.node],
            let list = values[.addresses]
        else { return nil }
        let addresses = list.split(separator: ",").map { IPAddress($0.drop { $0 == " " }) }
        guard !addresses.contains(nil) else { return nil }
        self.init(
            name: String(name), namespace: String(namespace), node: String(node),
            addresses: addresses.compactMap(\.self))
        if let address = values[.client].flatMap({ IPAddress($0) }),
            let port = values[.clientPort].flatMap({ UInt16($0) })
        {
            client = Client(address: address, port: port)
        }
    }

    /// The page as JSON (RFC 8259).
    public var json: [UInt8] {
        var fields = [Field.pod, .namespace, .node].map { "\"\($0.rawValue)\": \(Self.quoted(value(of: $0) ?? ""))" }
        fields.append("\"addresses\": [\(addresses.map { Self.quoted($0.description) }.joined(separator: ", "))]")
        if let client {
            fields += [
                "\"client\": \(Self.quoted(client.address.description))", "\"clientPort\": \(client.port)",
                "\"family\": \(Self.quoted(client.address.family.description))",
            ]
        }
        return Array("{\(fields.joined(separator: ", "))}\n".utf8)
    }

    /// A JSON string (RFC 8259, 7).
    private static func quoted(_ text: String) -> String {
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
