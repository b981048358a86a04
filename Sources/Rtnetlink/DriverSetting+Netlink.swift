import Addresses
internal import CLinux
internal import Glibc
import Netlink
import NetworkObjects

extension GenericFamily {
    /// What `ethtool` talks to.
    public static let ethtool = ETHTOOL_GENL_NAME
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
                case ETHTOOL_A_FEATURES_HEADER: index = try DriverSetting.device(attribute)
                case ETHTOOL_A_FEATURES_WANTED: value = try read(attribute)
                default: break
                }
            }
            guard let index, let value else { return nil }
            return (index, value)
        }
    }

    /// How many queues of each sort each link uses, by the links' numbers and the sorts' names. A link that has no choice is left out.
    public mutating func channels(
        _ ethtool: GenericFamily
    ) throws(NetlinkError) -> [InterfaceIndex: [String: UInt32]] {
        let found: [(InterfaceIndex, [String: UInt32])] = try socket.dump(ethtool.number) { request in
            request.append(structure: ethtool.header(ETHTOOL_MSG_CHANNELS_GET))
            request.nested(ETHTOOL_A_CHANNELS_HEADER) { _ in }
        } decode: { message throws(MalformedMessage) -> (InterfaceIndex, [String: UInt32])? in
            guard message.type == ethtool.number else { return nil }
            var (index, counts): (InterfaceIndex?, [String: UInt32]) = (nil, [:])
            for attribute in try message.attributes(after: genlmsghdr.self) {
                if attribute.type == ETHTOOL_A_CHANNELS_HEADER {
                    index = try DriverSetting.device(attribute)
                } else if let name = DriverSetting.channelNames.first(where: { $1 == attribute.type })?.key {
                    counts[name] = try attribute.integer()
                }
            }
            return index.map { ($0, counts) }
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    /// Asks a link's driver for something.
    ///
    /// - Throws: `refused` where the link cannot.
    public mutating func set(_ setting: DriverSetting, _ ethtool: GenericFamily) throws(NetlinkError) {
        let command = setting.sort == .feature ? ETHTOOL_MSG_FEATURES_SET : ETHTOOL_MSG_CHANNELS_SET
        _ = try socket.replies(to: ethtool.number) { request in
            request.append(structure: ethtool.header(Int(command)))
            // Both have their header as the first attribute.
            request.nested(ETHTOOL_A_FEATURES_HEADER) { header in
                header.put(ETHTOOL_A_HEADER_DEV_NAME, text: "\(setting.device)")
                if setting.sort == .feature {
                    header.put(ETHTOOL_A_HEADER_FLAGS, UInt32(ETHTOOL_FLAG_OMIT_REPLY))
                }
            }
            switch setting.sort {
            case .channels:
                if let number = DriverSetting.channelNames[setting.name] { request.put(number, setting.value) }
            case .feature:
                request.nested(ETHTOOL_A_FEATURES_WANTED) { bits in
                    bits.nested(ETHTOOL_A_BITSET_BITS) { list in
                        list.nested(ETHTOOL_A_BITSET_BITS_BIT) { bit in
                            bit.put(ETHTOOL_A_BITSET_BIT_NAME, text: setting.name)
                            if setting.value != 0 { bit.putFlag(ETHTOOL_A_BITSET_BIT_VALUE) }
                        }
                    }
                }
            }
        }
    }
}

extension DriverSetting {
    /// The attributes of `ETHTOOL_MSG_CHANNELS_GET` by what `ethtool -l` calls them.
    fileprivate static let channelNames: [String: Int] = [
        "rx": ETHTOOL_A_CHANNELS_RX_COUNT, "tx": ETHTOOL_A_CHANNELS_TX_COUNT,
        "other": ETHTOOL_A_CHANNELS_OTHER_COUNT, "combined": ETHTOOL_A_CHANNELS_COMBINED_COUNT,
    ]

    /// The link that the header of an answer names.
    fileprivate static func device(_ header: Attribute) throws(MalformedMessage) -> InterfaceIndex? {
        for part in try header.nested() where part.type == ETHTOOL_A_HEADER_DEV_INDEX {
            return try part.integer()
        }
        return nil
    }
}
