import Addresses

/// Why an address cannot be given.
public enum IPAMError: Error, Hashable, Sendable {
    /// A pool's blocks are larger than the pool or smaller than an address.
    case badBlockSize(pool: String, prefix: Prefix, blockSize: Int)
    /// No pool selects the node, or the pools that were asked for do not exist.
    case noPool(node: String)
    /// All addresses of the pools are in use or reserved.
    case exhausted(pools: [String], node: String)
    /// The node's blocks are full and it may not claim another.
    case tooManyBlocks(node: String, limit: Int)
    /// An address that was asked for is in no pool.
    case outsidePools(IPAddress, wantedBy: IPAM.Owner)
    /// An address that was asked for is in use.
    case taken(IPAddress, by: IPAM.Owner, wantedBy: IPAM.Owner)
}

extension IPAMError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badBlockSize(let pool, let prefix, let blockSize):
            "IP pool \(pool): \(prefix) cannot be divided into blocks of /\(blockSize)"
        case .noPool(let node): "no IP pool is for node \(node)"
        case .exhausted(let pools, let node):
            "node \(node) finds no free address in IP pool \(pools.joined(separator: ", "))"
        case .tooManyBlocks(let node, let limit):
            "node \(node) has \(limit) full blocks and may not claim more: use larger blocks or more nodes"
        case .outsidePools(let address, let owner): "\(owner) asks for \(address), which is in no IP pool"
        case .taken(let address, let holder, let owner): "\(owner) asks for \(address), which \(holder) has"
        }
    }
}
