import Addresses
internal import CLinux
internal import Glibc
public import Netlink
import NetworkObjects

/// A packet that a route is looked up for, in the words of `ip route get`.
public struct RouteQuery: Hashable, Sendable {
    public var destination: IPAddress
    /// Nil where the host chooses one: a packet of its own that has none yet.
    public var source: IPAddress?
    /// The link that the packet came in by; nil for a packet of the host's own.
    public var ingress: InterfaceName?
    /// The transport protocol and its ports, which rules may ask for.
    public var ports: Ports?

    public struct Ports: Hashable, Sendable {
        public var transport: Transport
        public var source, destination: UInt16

        public init(_ transport: Transport, source: UInt16, destination: UInt16) {
            self.transport = transport
            self.source = source
            self.destination = destination
        }
    }

    public init(
        to destination: IPAddress, from source: IPAddress? = nil, ingress: InterfaceName? = nil, ports: Ports? = nil
    ) {
        self.destination = destination
        self.source = source
        self.ingress = ingress
        self.ports = ports
    }
}

/// What the kernel does with such a packet.
public enum RouteAnswer: Hashable, Sendable {
    /// The route that it uses, as the tables have it: one with several ways has all of them.
    case route(Route)
    /// It refuses the packet, with an errno: for a packet of its own a blackhole route says EINVAL, a throw route or none ENETUNREACH;
    /// for one that came by a link EHOSTUNREACH where it does not send packets on, EXDEV or (since Linux 6.14) EINVAL where its
    /// source may not come by that link (`inet_rtm_getroute`, net/ipv4/route.c).
    case refused(errno: Int32)
}

/// The way that a packet takes: of a route with several, the one that is its.
public struct ChosenHop: Hashable, Sendable {
    /// The next hop's address; nil where the destination is on link.
    public var gateway: IPAddress?
    public var device: InterfaceName
}

extension RouteSocket {
    /// Which entry of its tables the kernel uses for a packet (`RTM_GETROUTE` with `RTM_F_FIB_MATCH`).
    ///
    /// - Throws: what an exchange throws, but for the kernel's own answer to the question.
    public mutating func lookUp(_ query: RouteQuery, in table: InterfaceTable) throws(NetlinkError) -> RouteAnswer? {
        // IPv6 tells the table unasked, and refuses the flag.
        let flags = RTM_F_FIB_MATCH | (query.destination.family == .ipv4 ? RTM_F_LOOKUP_TABLE : 0)
        return try answer(query, UInt32(flags), in: table) { message throws(MalformedMessage) in
            guard var route = try Route.decode(message, in: table) else { return nil }
            // The question's own link is no part of the route.
            route.others[RTA_IIF.number] = nil
            return .route(route)
        } refusal: {
            .refused(errno: $0)
        }
    }

    /// By which link and to whom on it a packet is sent; nil where it is not.
    public mutating func nextHop(
        for query: RouteQuery, in table: InterfaceTable
    ) throws(NetlinkError) -> ChosenHop? {
        let found: ChosenHop?? = try answer(query, 0, in: table) { message throws(MalformedMessage) in
            guard message.type == RTM_NEWROUTE else { return nil }
            var (gateway, index): (IPAddress?, InterfaceIndex?) = (nil, nil)
            for attribute in try message.attributes(after: rtmsg.self) {
                switch attribute.type {
                case RTA_GATEWAY.number: gateway = try attribute.address()
                case RTA_VIA.number:
                    gateway = try Attribute(type: RTA_VIA.number, bytes: attribute.bytes.dropFirst(2)).address()
                case RTA_OIF.number: index = try attribute.integer()
                default: break
                }
            }
            return index.flatMap { table[$0] }.map { ChosenHop(gateway: gateway, device: $0) }
        } refusal: { _ in
            nil
        }
        return found ?? nil
    }

    private mutating func answer<Answer>(
        _ query: RouteQuery, _ flags: UInt32, in table: InterfaceTable,
        _ decode: (Message) throws(MalformedMessage) -> Answer?, refusal: (Int32) -> Answer
    ) throws(NetlinkError) -> Answer? {
        let family = query.destination.family
        let messages: [Message]
        do {
            messages = try socket.replies(to: RTM_GETROUTE) { request in
                var header = rtmsg()
                header.rtm_family = family.number
                header.rtm_dst_len = UInt8(family.bits)
                header.rtm_src_len = query.source == nil ? 0 : UInt8(family.bits)
                header.rtm_flags = flags
                request.append(structure: header)
                request.put(RTA_DST.number, query.destination)
                if let source = query.source { request.put(RTA_SRC.number, source) }
                if let index = query.ingress.flatMap({ table[$0] }) { request.put(RTA_IIF.number, index) }
                if let ports = query.ports {
                    request.put(RTA_IP_PROTO.number, ports.transport.protocolNumber)
                    request.putBigEndian(RTA_SPORT.number, ports.source)
                    request.putBigEndian(RTA_DPORT.number, ports.destination)
                }
            }
        } catch {
            guard case .refused(let failures) = error, let failure = failures.first else { throw error }
            return refusal(failure.errno)
        }
        do throws(MalformedMessage) {
            for message in messages { if let answer = try decode(message) { return answer } }
            return nil
        } catch {
            throw .malformed(error)
        }
    }
}

extension Transport {
    fileprivate var protocolNumber: UInt8 {
        switch self {
        case .tcp: UInt8(IPPROTO_TCP)
        case .udp: UInt8(IPPROTO_UDP)
        case .sctp: UInt8(IPPROTO_SCTP)
        }
    }
}
