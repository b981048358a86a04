import Addresses
import NetworkObjects

@testable import Netlink
@testable import Rtnetlink

/// What libFuzzer calls with each input: reads it as the kernel's answer, in every way that nslab reads one. Nothing may
/// trap, and nothing may be read from beyond the end.
///
/// The first byte says what the others are: a whole datagram, or the payload of a message whose header is right. The
/// latter gets past the header at once.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNetlink(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let choice = input.first else { return 0 }
    let rest = Array(input.dropFirst())
    let datagram: [UInt8]
    if let type = types[Int(choice) % (types.count + 1)] {
        datagram = message(type, flags: UInt16(choice) << 4, payload: rest)
    } else {
        datagram = rest
    }
    readExchange(datagram)
    if let messages = try? Message.all(in: datagram) {
        for message in messages { decode(message) }
    }
    return 0
}

/// Message types by number: 0 is missing, so that it stands for a whole datagram.
private let types: [Int: UInt16] = [
    1: 16 /* RTM_NEWLINK */, 2: 20 /* RTM_NEWADDR */, 3: 24 /* RTM_NEWROUTE */, 4: 28 /* RTM_NEWNEIGH */,
    5: 2 /* NLMSG_ERROR */, 6: 3 /* NLMSG_DONE */, 7: 36 /* RTM_NEWQDISC */, 8: 32 /* RTM_NEWRULE */,
    9: 72 /* RTM_NEWADDRLABEL */, 10: 104 /* RTM_NEWNEXTHOP */, 11: 86 /* RTM_GETMDB */, 12: 44 /* RTM_NEWTFILTER */,
    13: 100 /* RTM_NEWCHAIN */, 14: 19 /* XFRM_MSG_NEWPOLICY */,
]

private func message(_ type: UInt16, flags: UInt16, payload: [UInt8]) -> [UInt8] {
    let header: (UInt32, UInt16, UInt16, UInt32, UInt32) = (UInt32(16 + payload.count), type, flags, 0, 0)
    return withUnsafeBytes(of: header) { Array($0) } + payload
}

/// Reads the datagram as the answer to a dump, and to batches of several sizes.
private func readExchange(_ datagram: [UInt8]) {
    for exchange in [ReplyReader.Exchange.dump, .requests(count: 1), .requests(count: 300)] {
        var reader = ReplyReader(exchange, firstSequence: 0, port: 0)
        var inside = 0
        try? reader.read(datagram[...], sender: 0) { inside += 16 + $0.payload.count }
        precondition(inside <= datagram.count, "messages are longer than what they stand in")
        for failure in reader.failures {
            precondition((0..<300).contains(failure.requestIndex) && failure.errno > 0)
            precondition(!failure.description.isEmpty)
        }
    }
}

/// Reads the message as each object that the kernel lists.
private func decode(_ message: Message) {
    var table = InterfaceTable()
    for index in 1...4 as ClosedRange<Int32> { table.insert(InterfaceName("eth\(index)")!, index) }
    if let link = try? LinkMessage(message) {
        let observed = link.observed(in: table)
        for setting in IPv4DevConf.allCases { _ = observed[setting] }
        precondition(observed.link.isSatisfied(by: observed.link), "a link differs from itself: \(observed.link)")
    }
    if let observed = try? ObservedAddress(message, in: table) { isLikeItself(observed.address) }
    if let route = try? Route.decode(message, in: table) {
        precondition(!"\(route)".isEmpty)
        precondition(route.destination.length <= route.destination.family.bits)
        precondition(route.asReported.asReported == route.asReported)
        isLikeItself(route)
    }
    if let rule = try? RoutingRule.decode(message) { isLikeItself(rule) }
    if let label = try? AddressLabel.decode(message, in: table) { isLikeItself(label) }
    if let neighbour = try? ProxyNeighbour.decode(message, in: table) { isLikeItself(neighbour) }
    for kind in OpaqueKind.all {
        for object in (try? kind.decode(message, table)) ?? [] { isLikeItself(object) }
    }
    if let filter = try? OpaqueObject.filterOrChain(message, in: table) { isLikeItself(filter.object) }
    if let state = try? OpaqueObject(securityAssociation: message) { isLikeItself(state) }
    if let policy = try? OpaqueObject(securityPolicy: message) { isLikeItself(policy) }
    if let neighbour = try? Neighbour.decode(message, in: table) { isLikeItself(neighbour) }
    if let entry = try? ForwardingEntry.decode(message, in: table) { isLikeItself(entry) }
    if let qdisc = try? Qdisc.decode(message, in: table) {
        precondition(!"\(qdisc)".isEmpty)
        precondition(qdisc.isSatisfied(by: qdisc), "a queueing discipline differs from itself: \(qdisc)")
    }
    if let vlans = try? BridgeVLAN.decode(message, in: table) {
        for vlan in vlans { isLikeItself(vlan) }
    }
}

/// No object differs from itself, and each has words.
private func isLikeItself(_ object: some NetworkObject) {
    precondition(!object.description.isEmpty)
    precondition(object.differences(from: object).isEmpty, "an object differs from itself: \(object)")
}
