import Addresses
internal import CLinux
internal import Glibc
import Netlink
public import NetworkNamespaces
import NetworkObjects

extension GenericFamily {
    /// What `ethtool` talks to; nil for a kernel before 5.6, or without it.
    public static func ethtool(in inside: borrowing InsideNamespace) throws(NetlinkError) -> GenericFamily? {
        var socket = try GenericSocket(in: inside)
        return try socket.family(named: ETHTOOL_GENL_NAME)
    }
}

extension GenericSocket {
    /// The features that are asked of each link, by the links' numbers: a bit for each, in the order of the kernel's names.
    public mutating func wantedFeatures(
        _ ethtool: GenericFamily
    ) throws(NetlinkError) -> [InterfaceIndex: [UInt8]] {
        let found: [(InterfaceIndex, [UInt8])] = try features(ethtool, UInt32(ETHTOOL_FLAG_COMPACT_BITSETS)) {
            bits throws(MalformedMessage) in
            try Array(bits.nested().first { $0.type == ETHTOOL_A_BITSET_VALUE }?.bytes ?? [])
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    /// The names of the features that are asked of each link, by the links' numbers.
    public mutating func wantedFeatureNames(
        _ ethtool: GenericFamily
    ) throws(NetlinkError) -> [InterfaceIndex: Set<String>] {
        let found: [(InterfaceIndex, Set<String>)] = try features(ethtool, 0) { bits throws(MalformedMessage) in
            var names: Set<String> = []
            for list in try bits.nested() where list.type == ETHTOOL_A_BITSET_BITS {
                for bit in try list.nested() where bit.type == ETHTOOL_A_BITSET_BITS_BIT {
                    let name = try bit.nested().first { $0.type == ETHTOOL_A_BITSET_BIT_NAME }?.text
                    if let name { names.insert(name) }
                }
            }
            return names
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    private mutating func features<Value>(
        _ ethtool: GenericFamily, _ flags: UInt32, _ read: (Attribute) throws(MalformedMessage) -> Value
    ) throws(NetlinkError) -> [(InterfaceIndex, Value)] {
        try socket.dump(ethtool.number) { request in
            request.append(structure: ethtool.header(ETHTOOL_MSG_FEATURES_GET))
            request.nested(ETHTOOL_A_FEATURES_HEADER) { header in
                header.put(ETHTOOL_A_HEADER_FLAGS, flags)
            }
        } decode: { message throws(MalformedMessage) -> (InterfaceIndex, Value)? in
            guard message.type == ethtool.number else { return nil }
            var (index, value): (InterfaceIndex?, Value?) = (nil, nil)
            for attribute in try message.attributes(after: genlmsghdr.self) {
                switch attribute.type {
                case ETHTOOL_A_FEATURES_HEADER:
                    for part in try attribute.nested() where part.type == ETHTOOL_A_HEADER_DEV_INDEX {
                        index = try part.integer()
                    }
                case ETHTOOL_A_FEATURES_WANTED: value = try read(attribute)
                default: break
                }
            }
            guard let index, let value else { return nil }
            return (index, value)
        }
    }

    /// Asks a link for a feature, or not to do it.
    ///
    /// - Throws: `refused` where the link cannot.
    public mutating func set(_ feature: OffloadFeature, _ ethtool: GenericFamily) throws(NetlinkError) {
        _ = try socket.replies(to: ethtool.number) { request in
            request.append(structure: ethtool.header(ETHTOOL_MSG_FEATURES_SET))
            request.nested(ETHTOOL_A_FEATURES_HEADER) { header in
                header.put(ETHTOOL_A_HEADER_DEV_NAME, text: "\(feature.device)")
                header.put(ETHTOOL_A_HEADER_FLAGS, UInt32(ETHTOOL_FLAG_OMIT_REPLY))
            }
            request.nested(ETHTOOL_A_FEATURES_WANTED) { bits in
                bits.nested(ETHTOOL_A_BITSET_BITS) { list in
                    list.nested(ETHTOOL_A_BITSET_BITS_BIT) { bit in
                        bit.put(ETHTOOL_A_BITSET_BIT_NAME, text: feature.name)
                        if feature.isOn { bit.putFlag(ETHTOOL_A_BITSET_BIT_VALUE) }
                    }
                }
            }
        }
    }
}
