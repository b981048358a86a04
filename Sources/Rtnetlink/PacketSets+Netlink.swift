import Addresses
internal import CLinux
internal import Glibc
public import Netlink
public import NetworkNamespaces
import NetworkObjects

extension OpaqueListing {
    /// The sets of addresses and ports that ipset(8) keeps in a namespace.
    ///
    /// Asking would have the kernel load the module; a kernel that has not loaded it has no set.
    public static func addressSets(in inside: borrowing InsideNamespace) throws(NetlinkError) -> OpaqueListing {
        guard access("/sys/module/ip_set", F_OK) == 0 else { return OpaqueListing() }
        let subsystem = Int(NFNL_SUBSYS_IPSET) << 8
        var socket = try NetlinkSocket(in: inside, protocol: NETLINK_NETFILTER, strictDumps: false)
        func header(_ message: inout MessageWriter) {
            message.append(structure: nfgenmsg(nfgen_family: UInt8(AF_INET), version: 0, res_id: 0))
            message.put(Int(IPSET_ATTR_PROTOCOL), UInt8(IPSET_PROTOCOL))
        }
        do {
            let names: [String] = try socket.dump(subsystem | Int(IPSET_CMD_LIST.rawValue)) { request in
                header(&request)
                // Their names alone.
                request.putBigEndian(
                    Int(IPSET_ATTR_FLAGS) | Int(NLA_F_NET_BYTEORDER), UInt32(IPSET_FLAG_LIST_SETNAME.rawValue))
            } decode: { message throws(MalformedMessage) -> String? in
                try message.attributes(after: nfgenmsg.self).first { $0.type == Int(IPSET_ATTR_SETNAME) }?.text
            }
            // A set may be in others, which come after it.
            return OpaqueListing(
                objects: names.map { name in
                    var batch = RequestBatch(capacity: 256)
                    batch.append(0) { message in
                        header(&message)
                        message.put(Int(IPSET_ATTR_SETNAME), text: name)
                    }
                    return OpaqueObject(
                        "ipset", name,
                        removal: OpaqueObject.Removal(
                            netlinkProtocol: NETLINK_NETFILTER, type: subsystem | Int(IPSET_CMD_DESTROY.rawValue),
                            payload: Array(batch.bytes.dropFirst(MemoryLayout<nlmsghdr>.size))))
                })
        } catch {
            guard case .refused = error else { throw error }
            return OpaqueListing(unlisted: ["ipset"])
        }
    }
}

extension RouteSocket {
    /// The actions of traffic control that no filter has (`tc actions`); those that one has go with it.
    mutating func actions() throws(NetlinkError) -> [OpaqueObject] {
        var found: [OpaqueObject] = []
        for (kind, parameters) in Self.actionKinds {
            let listed: [[OpaqueObject]] = try self.socket.dump(RTM_GETACTION) { request in
                request.append(structure: tcamsg())
                request.nested(TCA_ROOT_TAB) { list in
                    list.nested(1) { $0.put(TCA_ACT_KIND, text: kind) }
                }
            } decode: { message throws(MalformedMessage) -> [OpaqueObject]? in
                guard message.type == RTM_GETACTION || message.type == RTM_NEWACTION else { return nil }
                var actions: [OpaqueObject] = []
                for list in try message.attributes(after: tcamsg.self) where list.type == TCA_ROOT_TAB {
                    for action in try list.nested() {
                        let options = try action.nested().first { $0.type == TCA_ACT_OPTIONS }
                        let value = try options?.nested().first { $0.type == parameters }
                        // `tc_gen` in <linux/pkt_cls.h>: the number is first, how many filters have it fifth.
                        let head = try value?.structure((UInt32, UInt32, Int32, Int32, Int32).self)
                        guard let head, head.4 == 0 else { continue }
                        actions.append(OpaqueObject(action: kind, head.0))
                    }
                }
                return actions
            }
            found += listed.joined()
        }
        return found
    }

    /// The kinds of actions, and the attributes that have their parameters (linux/tc_act/).
    private static let actionKinds: [(String, Int)] = [
        ("gact", 2), ("mirred", 2), ("pedit", 2), ("skbedit", 2), ("vlan", 2), ("nat", 1), ("csum", 1),
        ("tunnel_key", 2), ("bpf", 2), ("connmark", 1), ("ct", 1), ("ctinfo", 3), ("sample", 2), ("simple", 2),
        ("skbmod", 2), ("mpls", 2), ("gate", 2), ("ife", 1),
    ]
}

extension OpaqueObject {
    fileprivate init(action kind: String, _ index: UInt32) {
        var batch = RequestBatch(capacity: 256)
        batch.append(0) { message in
            message.append(structure: tcamsg())
            message.nested(TCA_ROOT_TAB) { list in
                list.nested(1) { action in
                    action.put(TCA_ACT_KIND, text: kind)
                    action.put(TCA_ACT_INDEX, index)
                }
            }
        }
        self.init(
            "action", "\(kind) index \(index)",
            removal: Removal(
                netlinkProtocol: NETLINK_ROUTE, type: RTM_DELACTION,
                payload: Array(batch.bytes.dropFirst(MemoryLayout<nlmsghdr>.size))))
    }
}
