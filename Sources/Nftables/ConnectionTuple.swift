import Addresses
import Glibc
import Netlink

/// What packets of one direction of a connection have in common, as the connection table knows them (`struct nf_conntrack_tuple`).
public struct ConnectionTuple: Hashable, Sendable, CustomStringConvertible {
    public var source: IPAddress
    public var destination: IPAddress
    /// The protocol's number in the IP header.
    public var transport: UInt8
    public var ends: Ends

    /// What tells the flows between two addresses apart.
    public enum Ends: Hashable, Sendable {
        case ports(source: UInt16, destination: UInt16)
        /// Of ICMP and ICMPv6.
        case echo(type: UInt8, code: UInt8, identifier: UInt16)
    }

    public init(from source: IPAddress, to destination: IPAddress, transport: UInt8, _ ends: Ends) {
        (self.source, self.destination, self.transport, self.ends) = (source, destination, transport, ends)
    }

    /// The ports; nil of an echo.
    public var ports: (source: UInt16, destination: UInt16)? {
        if case .ports(let source, let destination) = ends { (source, destination) } else { nil }
    }

    /// That of the answers, where nothing is translated; nil where none come (`nf_conntrack_invert_icmp_tuple`).
    public var inverse: ConnectionTuple? {
        let ends: Ends
        switch self.ends {
        case .ports(let source, let destination): ends = .ports(source: destination, destination: source)
        case .echo(let type, let code, let identifier):
            guard let answer = Self.answers[type] else { return nil }
            ends = .echo(type: answer, code: code, identifier: identifier)
        }
        return ConnectionTuple(from: destination, to: source, transport: transport, ends)
    }

    /// Echo requests and replies of ICMP and ICMPv6.
    private static let answers: [UInt8: UInt8] = [8: 0, 0: 8, 128: 129, 129: 128]

    /// In the words of conntrack(8): `src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80`.
    public var description: String {
        let text = "src=\(source) dst=\(destination) "
        switch ends {
        case .ports(let source, let destination): return text + "sport=\(source) dport=\(destination)"
        case .echo(let type, let code, let identifier): return text + "type=\(type) code=\(code) id=\(identifier)"
        }
    }
}

extension ConnectionTuple {
    /// Reads one; nil where the message says too little of it, or it is of a protocol without ports and echoes.
    init?(_ attributes: Attributes) throws(MalformedMessage) {
        var (source, destination): (IPAddress?, IPAddress?)
        var (transport, type, code): (UInt8?, UInt8?, UInt8?)
        var (sourcePort, destinationPort, identifier): (UInt16?, UInt16?, UInt16?)
        for attribute in attributes {
            switch attribute.type {
            case CTAttribute.addresses:
                for part in try attribute.nested() {
                    switch part.type {
                    case CTAttribute.sourceIPv4: source = .v4(IPv4Address(try part.bigEndian() as UInt32))
                    case CTAttribute.destinationIPv4: destination = .v4(IPv4Address(try part.bigEndian() as UInt32))
                    case CTAttribute.sourceIPv6: source = .v6(IPv6Address(try part.bigEndian() as UInt128))
                    case CTAttribute.destinationIPv6: destination = .v6(IPv6Address(try part.bigEndian() as UInt128))
                    default: break
                    }
                }
            case CTAttribute.protocolPart:
                for part in try attribute.nested() {
                    switch part.type {
                    case CTAttribute.transport: transport = try part.integer()
                    case CTAttribute.sourcePort: sourcePort = try part.bigEndian()
                    case CTAttribute.destinationPort: destinationPort = try part.bigEndian()
                    case CTAttribute.icmp.identifier, CTAttribute.icmpv6.identifier: identifier = try part.bigEndian()
                    case CTAttribute.icmp.type, CTAttribute.icmpv6.type: type = try part.integer()
                    case CTAttribute.icmp.code, CTAttribute.icmpv6.code: code = try part.integer()
                    default: break
                    }
                }
            default: break
            }
        }
        guard let source, let destination, let transport else { return nil }
        let ends: Ends
        if let sourcePort, let destinationPort {
            ends = .ports(source: sourcePort, destination: destinationPort)
        } else if let type, let code, let identifier {
            ends = .echo(type: type, code: code, identifier: identifier)
        } else {
            return nil
        }
        self.init(from: source, to: destination, transport: transport, ends)
    }

    /// Begins a request about connections of this family.
    func writeHeader(to message: inout MessageWriter) {
        // struct nfgenmsg: the family, version 0, no resource.
        message.append(structure: UInt32(source.family == .ipv4 ? AF_INET : AF_INET6).littleEndian)
    }

    /// Writes it as what a request names a connection by.
    func write(to message: inout MessageWriter) {
        message.nested(CTAttribute.original) { tuple in
            tuple.nested(CTAttribute.addresses) { addresses in
                if source.family == .ipv4 {
                    addresses.putBigEndian(CTAttribute.sourceIPv4, UInt32(truncatingIfNeeded: source.value))
                    addresses.putBigEndian(CTAttribute.destinationIPv4, UInt32(truncatingIfNeeded: destination.value))
                } else {
                    addresses.putBigEndian(CTAttribute.sourceIPv6, source.value)
                    addresses.putBigEndian(CTAttribute.destinationIPv6, destination.value)
                }
            }
            tuple.nested(CTAttribute.protocolPart) { part in
                part.put(CTAttribute.transport, transport)
                switch ends {
                case .ports(let source, let destination):
                    part.putBigEndian(CTAttribute.sourcePort, source)
                    part.putBigEndian(CTAttribute.destinationPort, destination)
                case .echo(let type, let code, let identifier):
                    let names = source.family == .ipv4 ? CTAttribute.icmp : CTAttribute.icmpv6
                    part.putBigEndian(names.identifier, identifier)
                    part.put(names.type, type)
                    part.put(names.code, code)
                }
            }
        }
    }
}

/// `CTA_*`, `CTA_TUPLE_*`, `CTA_IP_*`, `CTA_PROTO_*` and `CTA_PROTOINFO_*` (linux/netfilter/nfnetlink_conntrack.h).
enum CTAttribute {
    static let original = 1
    static let reply = 2
    static let status = 3
    static let protocolState = 4
    static let id = 12
    static let addresses = 1
    static let protocolPart = 2
    static let sourceIPv4 = 1
    static let destinationIPv4 = 2
    static let sourceIPv6 = 3
    static let destinationIPv6 = 4
    static let transport = 1
    static let sourcePort = 2
    static let destinationPort = 3
    static let icmp = (identifier: 4, type: 5, code: 6)
    static let icmpv6 = (identifier: 7, type: 8, code: 9)
    static let tcp = 1
    static let tcpState = 1
}
