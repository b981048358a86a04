import Addresses

/// The address book of a cluster: which node has which blocks, and who has which address.
///
/// It follows libcalico-go/lib/ipam of Calico v3.30 with its defaults: a node takes addresses from its own blocks, those first
/// that were never used, lowest first, then those that were given back, in that order; when its blocks are full it claims the next
/// free one; when no block is free it borrows from other nodes'.
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
    private var assignmentIndex: [IPAddress: Int] = [:]
    private var addressesByOwner: [Owner: [IPAddress]] = [:]

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

    /// An address book that goes on from one that was kept.
    ///
    /// An address that is not held on to is given back: it goes to the end of its block's queue. A block whose node has gone
    /// loses its affinity, and goes when it is empty; so does an empty one of a pool that does not serve its node any more. Blocks
    /// that no pool is divided into go with all that is in them.
    ///
    /// - Parameters:
    ///   - kept: the blocks in the order that they were claimed.
    ///   - nodes: the nodes that there are.
    ///   - serves: whether a pool is for a node.
    ///   - holder: the node on which an owner holds on to an address of a pool; nil where it does not.
    public init(
        pools: [IPPool], reservations: [Prefix] = [], requested: some Sequence<IPAddress> = [],
        continuing kept: [IPAMBlock],
        nodes: Set<String>, serves: (_ pool: IPPool, _ node: String) -> Bool,
        holder: (_ owner: Owner, _ address: IPAddress, _ pool: IPPool) -> String?
    ) {
        self.init(pools: pools, reservations: reservations, requested: requested)
        for block in kept {
            guard
                let pool = pools.first(where: { $0.prefix.contains(block.cidr) && $0.blockSize == block.cidr.length }),
                blockIndex[block.cidr] == nil
            else { continue }
            let held = block.allocations.compactMap { address, owner in
                holder(owner, address, pool).map { (address, owner, $0) }
            }.sorted { $0.0 < $1.0 }
            let node = block.node.flatMap { nodes.contains($0) && (serves(pool, $0) || !held.isEmpty) ? $0 : nil }
            if node == nil, held.isEmpty { continue }
            let index = claim(block.cidr, of: pool, for: node)
            for (address, owner, node) in held { _ = record(address, owner, node, block: index) }
            for address in block.released + block.allocations.keys.sorted() where self.owner(of: address) == nil {
                blocks[index].release(address)
            }
        }
    }

    /// The blocks with all that has to be known to go on from here.
    public var kept: [IPAMBlock] {
        var kept = blocks.map { IPAMBlock(cidr: $0.prefix, node: $0.node, released: $0.released) }
        for assignment in assignments {
            guard let index = index(of: assignment.address) else { continue }
            kept[index].allocations[assignment.address] = assignment.owner
        }
        return kept
    }

    /// The addresses that an owner has, IPv4 first.
    public func addresses(of owner: Owner) -> [IPAddress] { addressesByOwner[owner, default: []].sorted() }

    /// A block of a pool that a node has claimed.
    public struct Block: Hashable, Sendable {
        /// Its addresses.
        public let prefix: Prefix
        /// The node that takes addresses from it first, and that others route it to; nil where that has gone.
        public let node: String?
        /// The pool's name.
        public let pool: String
        /// How packets to the pool's addresses cross from node to node.
        public let encapsulation: Encapsulation
        /// The lowest ordinal that may be free and was never used.
        fileprivate var nextOrdinal: UInt128 = 0
        /// The addresses that were given back, first to last.
        fileprivate private(set) var released: [IPAddress] = []
        private var releasedSet: Set<IPAddress> = []

        fileprivate init(prefix: Prefix, node: String?, pool: String, encapsulation: Encapsulation) {
            (self.prefix, self.node, self.pool, self.encapsulation) = (prefix, node, pool, encapsulation)
        }

        fileprivate func hasReleased(_ address: IPAddress) -> Bool { releasedSet.contains(address) }

        fileprivate mutating func release(_ address: IPAddress) {
            if releasedSet.insert(address).inserted { released.append(address) }
        }

        fileprivate mutating func take(_ address: IPAddress) {
            if releasedSet.remove(address) != nil { released.removeAll { $0 == address } }
        }
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
        /// The node that has the block; another one, or none, where the address is borrowed.
        public let blockNode: String?
        /// How packets to the pool's addresses cross from node to node.
        public let encapsulation: Encapsulation

        /// Whether the block belongs to another node, so that the address needs a route of its own.
        public var isBorrowed: Bool { node != blockNode }
    }

    /// The blocks of a node, in the order they were claimed.
    public func blocks(of node: String) -> [Block] { blocksByNode[node, default: []].map { blocks[$0] } }

    /// Who has an address; nil if it is free.
    public func owner(of address: IPAddress) -> Owner? { assignmentIndex[address].map { assignments[$0].owner } }

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
    /// Its block becomes the node's if it is free, otherwise the address is borrowed. Reservations and the pools'
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

    /// Takes back all addresses given after the first `count`, as if they had never been given: a pod's whose second address
    /// fails. Blocks that were claimed meanwhile stay claimed.
    public mutating func releaseAssignments(after count: Int) {
        for assignment in assignments[count...] {
            assignmentIndex[assignment.address] = nil
            addressesByOwner[assignment.owner]?.removeAll { $0 == assignment.address }
            guard let index = index(of: assignment.address) else { continue }
            let ordinal = assignment.address.value - blocks[index].prefix.address.value
            blocks[index].nextOrdinal = min(blocks[index].nextOrdinal, ordinal)
        }
        assignments.removeSubrange(count...)
    }

    /// Gives back all addresses of an owner: they go to the end of their blocks' queues.
    public mutating func release(_ owner: Owner) {
        let addresses = addresses(of: owner)
        if addresses.isEmpty { return }
        assignments.removeAll { $0.owner == owner }
        assignmentIndex = Dictionary(uniqueKeysWithValues: assignments.enumerated().map { ($1.address, $0) })
        addressesByOwner[owner] = nil
        for address in addresses { if let index = index(of: address) { blocks[index].release(address) } }
    }

    private func index(of address: IPAddress) -> Int? {
        pools.first { $0.prefix.contains(address) }.flatMap { blockIndex[$0.block(of: address)] }
            ?? blocks.firstIndex { $0.prefix.contains(address) }
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

    private mutating func claim(_ prefix: Prefix, of pool: IPPool, for node: String?) -> Int {
        blocks.append(Block(prefix: prefix, node: node, pool: pool.name, encapsulation: pool.encapsulation))
        blockIndex[prefix] = blocks.count - 1
        if let node { blocksByNode[node, default: []].append(blocks.count - 1) }
        return blocks.count - 1
    }

    private mutating func record(_ address: IPAddress, _ owner: Owner, _ node: String, block: Int) -> IPAddress {
        blocks[block].take(address)
        assignmentIndex[address] = assignments.count
        addressesByOwner[owner, default: []].append(address)
        assignments.append(
            Assignment(
                address: address, owner: owner, node: node, blockNode: blocks[block].node,
                encapsulation: blocks[block].encapsulation))
        return address
    }

    /// The first address of a block's queue that may be given out: the lowest that was never used, or the first that was given
    /// back. The search for the former only advances.
    private mutating func nextFree(in index: Int) -> IPAddress? {
        let prefix = blocks[index].prefix
        while let address = prefix.address(at: blocks[index].nextOrdinal) {
            if let reserved = reservations.first(where: { $0.contains(address) }) {
                // A reservation may be as large as the block: step over it at once.
                let last = min(reserved.lastAddress, prefix.lastAddress)
                blocks[index].nextOrdinal = last.value - prefix.address.value + 1
            } else if requested.contains(address) || assignmentIndex[address] != nil
                || blocks[index].hasReleased(address)
            {
                blocks[index].nextOrdinal += 1
            } else {
                return address
            }
        }
        return blocks[index].released.first { address in
            !requested.contains(address) && !reservations.contains { $0.contains(address) }
        }
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
