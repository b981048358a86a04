import Addresses
import KernelTestSupport
import Netlink
import NetworkNamespaces
import NetworkObjects
import Testing

@testable import Rtnetlink

/// A namespace's socket, batch and table, as the engine has them.
struct Workbench: ~Copyable {
    var socket: RouteSocket
    var batch = RouteBatch()
    var table = InterfaceTable()

    private let here: NetworkNamespace

    init(in inside: borrowing InsideNamespace) throws {
        let here = try inside.namespace()
        socket = try RouteSocket(in: inside)
        self.here = here
    }

    /// Creates links that are no veths, with the next numbers.
    mutating func create(_ links: Link...) throws {
        for link in links { try batch.create(link, index: table.assign(link.name), in: table) }
        try socket.execute(&batch)
    }

    /// Creates a veth with both ends here.
    mutating func createVeth(_ link: Link, _ peer: Link) throws {
        try batch.createVeth(
            link, index: table.assign(link.name), peer: peer, peerIndex: table.assign(peer.name),
            peerNamespace: here.descriptor.number, in: table)
        try socket.execute(&batch)
    }

    /// The link as the kernel has it.
    mutating func observe(_ name: InterfaceName) throws -> ObservedLink {
        try #require(try socket.links().first { $0.link.name == name })
    }
}

/// Executes a batch that the kernel must refuse some requests of.
func refusals(_ bench: inout Workbench) throws -> [RequestFailure] {
    do {
        try bench.socket.execute(&bench.batch)
        return []
    } catch .refused(let refused) {
        return refused
    }
}

/// Executes a batch whose only request the kernel must refuse.
func refusal(_ bench: inout Workbench) throws -> RequestFailure {
    let failures = try refusals(&bench)
    try #require(failures.count == 1)
    return failures[0]
}
