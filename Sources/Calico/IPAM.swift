import Addresses

/// The address book of a cluster: which node has which blocks, and who has which address.
///
/// It follows libcalico-go/lib/ipam of Calico v3.30 with its defaults: a node takes addresses from its own blocks,
/// lowest first; when they are full it claims the next free block; when no block is free it borrows from other nodes'.
public struct IPAM: Sendable {
    /// The blocks that nodes have claimed, in the order they were claimed.
    public private(set) var blocks: [Block] = []
    /// All addresses in use, in the order they were given.
    public private(set) var assignments: [Assignment] = []

    private let pools: [IPPool]
    private let reservations: [Prefix]
    private let requested: Set<IPAddress>
    private var blockIndex: [Prefix: Int] = [:]
    private var blocksByNode: [String: [Int]] = [:]
    private var owners: [IPAddress: Int] = [:]

    /// The number of blocks a node may have before it gets no more (`maxBlocksPerHost`'s default).
    public static let maximumBlocksPerNode = 20

    /// An address book with nothing in it.
    ///
    /// - Parameters:
    ///   - pools: all pools of the cluster.
    ///   - reservations: addresses that are never given out unasked (`IPReservation`).
    ///   - requested: addresses that pods will ask for. Calico may give them away before; here they are kept.
    public init(pools: [IPPool], reservations: [Prefix] = [], requested: some Sequence<IPAddress> = []) {
        self.pools = pools
        self.reservations = reservations
        self.requested = Set(requested)
    }

    /// A block of a pool that a node has claimed.
    public struct Block: Hashable, Sendable {
        /// Its addresses.
        public let prefix: Prefix
        /// The node that takes addresses from it first, and that others route it to.
        public let node: String
        /// The pool's name.
        public let pool: String
        /// How packets to the pool's addresses cross from node to node.
        public let encapsulation: Encapsulation
        /// The lowest ordinal that may be free.
        fileprivate var nextOrdinal: UInt128 = 0
    }

    /// Who has an address.
    public enum Owner: Hashable, Sendable {
        /// A node's end of a tunnel.
        case tunnel(Tunnel, node: String)
        case pod(namespace: String, name: String)
    }

    /// One address in use.
    public struct Assignment: Hashable, Sendable {
        public let address: IPAddress
        public let owner: Owner
        /// The node that the owner is on.
        public let node: String
        /// The node that has the block; another one where the address is borrowed.
        public let blockNode: String
        /// How packets to the pool's addresses cross from node to node.
        public let encapsulation: Encapsulation

        /// Whether the block belongs to another node, so that the address needs a route of its own.
        public var isBorrowed: Bool { node != blockNode }
    }

    /// The blocks of a node, in the order they were claimed.
    public func blocks(of node: String) -> [Block] { blocksByNode[node, default: []].map { blocks[$0] } }

    /// Who has an address; nil if nobody has.
    public func owner(of address: IPAddress) -> Owner? { owners[address].map { assignments[$0].owner } }

    /// Gives a free address of one family to an owner.
    ///
    /// - Parameter candidates: the pools it may come from, of one family, in the order they are tried.
    public mutating func assign(
        to owner: Owner, on node: String, from candidates: [IPPool]
    ) throws(IPAMError) -> IPAddress {
        guard !candidates.isEmpty else { throw .noPool(node: node) }
        let own = ownBlocks(of: node, in: candidates)
        for index in own {
            if let address = nextFree(in: index) { return record(address, owner, node, block: index) }
        }
        guard own.count < Self.maximumBlocksPerNode else {
            throw .tooManyBlocks(node: node, limit: Self.maximumBlocksPerNode)
        }
        for pool in candidates {
            var walk = BlockWalk(pool, from: pool.firstBlockIndex(for: node), skipping: reservations)
            while let prefix = walk.next() {
                if blockIndex[prefix] != nil { continue }
                let index = claim(prefix, of: pool, for: node)
                if let address = nextFree(in: index) { return record(address, owner, node, block: index) }
            }
        }
        for pool in candidates {
            var walk = BlockWalk(pool, from: pool.firstBlockIndex(for: node), skipping: reservations)
            while let prefix = walk.next() {
                guard let index = blockIndex[prefix], let address = nextFree(in: index) else { continue }
                return record(address, owner, node, block: index)
            }
        }
        throw .exhausted(pools: candidates.map(\.name), node: node)
    }

    /// Gives an owner the address that it asks for.
    ///
    /// Its block becomes the node's if nobody has it, otherwise the address is borrowed. Reservations and the pools'
    /// node selectors do not count for it (`AssignIP` in libcalico-go/lib/ipam/ipam.go).
    public mutating func assign(_ address: IPAddress, to owner: Owner, on node: String) throws(IPAMError) {
        guard let pool = pools.first(where: { $0.prefix.contains(address) }) else {
            throw .outsidePools(address, wantedBy: owner)
        }
        if let holder = self.owner(of: address) { throw .taken(address, by: holder, wantedBy: owner) }
        let prefix = pool.block(of: address)
        let index = blockIndex[prefix] ?? claim(prefix, of: pool, for: node)
        _ = record(address, owner, node, block: index)
    }

    /// Takes back all addresses given after the first `count`, as Calico does when a pod's second address fails. Blocks
    /// that were claimed meanwhile stay claimed.
    public mutating func releaseAssignments(after count: Int) {
        for assignment in assignments[count...] {
            owners[assignment.address] = nil
            let index = blocks.firstIndex { $0.prefix.contains(assignment.address) }
            guard let index else { continue }
            let ordinal = assignment.address.value - blocks[index].prefix.address.value
            blocks[index].nextOrdinal = min(blocks[index].nextOrdinal, ordinal)
        }
        assignments.removeSubrange(count...)
    }

    /// A node's blocks in these pools, in the order that the Kubernetes API lists its block affinities: by name.
    private func ownBlocks(of node: String, in pools: [IPPool]) -> [Int] {
        let own = blocksByNode[node, default: []].filter { index in
            pools.contains { $0.prefix.contains(blocks[index].prefix) }
        }
        if own.count < 2 { return own }
        return own.map { ($0, Self.affinityName(blocks[$0].prefix)) }.sorted { $0.1 < $1.1 }.map(\.0)
    }

    /// The part of a BlockAffinity's name that stands for the block: `192-168-77-0-26`.
    private static func affinityName(_ prefix: Prefix) -> String {
        let bytes = prefix.description.utf8.map { byte in
            byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "/")
                ? UInt8(ascii: "-") : byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func claim(_ prefix: Prefix, of pool: IPPool, for node: String) -> Int {
        blocks.append(Block(prefix: prefix, node: node, pool: pool.name, encapsulation: pool.encapsulation))
        blockIndex[prefix] = blocks.count - 1
        blocksByNode[node, default: []].append(blocks.count - 1)
        return blocks.count - 1
    }

    private mutating func record(_ address: IPAddress, _ owner: Owner, _ node: String, block: Int) -> IPAddress {
        owners[address] = assignments.count
        assignments.append(
            Assignment(
                address: address, owner: owner, node: node, blockNode: blocks[block].node,
                encapsulation: blocks[block].encapsulation))
        return address
    }

    /// The lowest address of a block that may be given out; addresses are never given back, so the search only advances.
    private mutating func nextFree(in index: Int) -> IPAddress? {
        let prefix = blocks[index].prefix
        while let address = prefix.address(at: blocks[index].nextOrdinal) {
            if let reserved = reservations.first(where: { $0.contains(address) }) {
                // A reservation may be as large as the block: step over it at once.
                let last = min(reserved.lastAddress, prefix.lastAddress)
                blocks[index].nextOrdinal = last.value - prefix.address.value + 1
            } else if requested.contains(address) || owners[address] != nil {
                blocks[index].nextOrdinal += 1
            } else {
                return address
            }
        }
        return nil
    }
}

extension IPAM.Owner: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tunnel(let tunnel, let node): "the \(tunnel.deviceTitle) of node \(node)"
        case .pod(let namespace, let name): "pod \(namespace)/\(name)"
        }
    }
}
