import Addresses
internal import CLinux
internal import Glibc
public import Netlink
import NetworkObjects

extension Qdisc: RouteObject {
    public static func all(_ socket: inout RouteSocket, in table: InterfaceTable) throws(NetlinkError) -> [Qdisc] {
        try socket.qdiscs(in: table)
    }

    /// What is made takes the place of the one that is there. All that a value of its kind can say is said, so that nothing
    /// of an earlier one of the same kind remains. Where one is deleted, the link's own takes its place.
    ///
    /// - Throws: `notBuildable` for a kind that is only read.
    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: device)
        if change != .delete, case .other(let name) = kind { throw .notBuildable(qdisc: name) }
        // The kernel chooses the handle: with one of our own it would refuse another kind (tc_modify_qdisc).
        batch.requests.append(
            change.type(RTM_NEWQDISC, RTM_DELQDISC), change == .delete ? [] : ObjectChange.replace.flags
        ) { message in
            message.append(structure: tcmsg(index, parent))
            if change == .delete { return }
            switch kind {
            case .netem(let netem): message.put(netem)
            case .tokenBucket(let bucket): message.put(bucket)
            case .other: break
            }
        }
    }
}

extension RouteSocket {
    /// The queueing disciplines that someone installed. Those that the kernel gives a link or a class by itself have no handle
    /// and are left out.
    public mutating func qdiscs(in table: InterfaceTable) throws(NetlinkError) -> [Qdisc] {
        try socket.dump(RTM_GETQDISC) {
            $0.append(structure: tcmsg())
        } decode: { message throws(MalformedMessage) in
            try Qdisc.decode(message, in: table)
        }
    }

    /// Whether the kernel knows a kind of queueing discipline, such as `netem` or `tbf`. It loads the kind's module if it has
    /// one. Nothing is installed: these kinds refuse a request without options (EINVAL), and one that is not known does not
    /// come to that (ENOENT; `qdisc_create` in net/sched/sch_api.c).
    ///
    /// - Throws: what `execute` throws, but for `refused`.
    public mutating func supports(qdisc kind: String) throws(NetlinkError) -> Bool {
        var batch = RouteBatch(capacity: 256)
        batch.requests.append(RTM_NEWQDISC, ObjectChange.add.flags) { message in
            message.append(structure: tcmsg(1, .root))
            message.put(TCA_KIND, text: kind)
        }
        do {
            try execute(&batch)
        } catch {
            guard case .refused(let failures) = error, let failure = failures.first else { throw error }
            // A kernel without traffic control at all has no such request (EOPNOTSUPP).
            return failure.errno != ENOENT && failure.errno != EOPNOTSUPP
        }
        return true
    }
}

extension Qdisc {
    /// Reads an `RTM_NEWQDISC`.
    ///
    /// - Returns: nil for another message, what has no handle, or a link that the table does not know.
    static func decode(_ message: Message, in table: InterfaceTable) throws(MalformedMessage) -> Qdisc? {
        guard message.type == RTM_NEWQDISC else { return nil }
        let header = try message.header(tcmsg.self)
        guard header.tcm_handle != 0, let device = table[header.tcm_ifindex] else {
            return nil
        }
        var (kind, options): (String?, Attribute?) = (nil, nil)
        for attribute in try message.attributes(after: tcmsg.self) {
            switch attribute.type {
            case TCA_KIND: kind = attribute.text
            case TCA_OPTIONS: options = attribute
            default: break
            }
        }
        guard let kind else { throw .missing(attribute: TCA_KIND) }
        let parent = Parent(rawValue: header.tcm_parent)
        switch (kind, options) {
        case ("netem", let options?): return Qdisc(device, .netem(try Netem(options)), parent: parent)
        case ("tbf", let options?): return Qdisc(device, .tokenBucket(try TokenBucket(options)), parent: parent)
        default: return Qdisc(device, .other(kind), parent: parent)
        }
    }
}

/// A unit of the kernel's time in traffic control (`PSCHED_SHIFT` in net/pkt_sched.h), in nanoseconds.
private let tick: UInt64 = 64

extension tcmsg {
    /// The structure that names a place of a link.
    init(_ index: InterfaceIndex, _ parent: Qdisc.Parent) {
        self.init()
        tcm_ifindex = index
        tcm_parent = parent.rawValue
    }
}

extension MessageWriter {
    fileprivate mutating func put(_ netem: Netem) {
        put(TCA_KIND, text: "netem")
        attribute(TCA_OPTIONS) { options in
            var head = tc_netem_qopt()
            head.limit = netem.limit
            head.loss = netem.loss.fraction
            head.duplicate = netem.duplicate.fraction
            // Every frame has its chance to overtake.
            head.gap = netem.reorder == .never ? 0 : 1
            options.append(structure: head)
            options.put(TCA_NETEM_LATENCY64, netem.delay)
            options.put(TCA_NETEM_JITTER64, netem.jitter)
            options.put(TCA_NETEM_CORR, structure: tc_netem_corr())
            options.put(
                TCA_NETEM_REORDER, structure: tc_netem_reorder(probability: netem.reorder.fraction, correlation: 0))
            options.put(
                TCA_NETEM_CORRUPT, structure: tc_netem_corrupt(probability: netem.corrupt.fraction, correlation: 0))
            // The kernel takes the larger of the two.
            let rate = netem.rate ?? 0
            var short = tc_netem_rate()
            short.rate = UInt32(clamping: rate)
            options.put(TCA_NETEM_RATE, structure: short)
            if rate > UInt64(UInt32.max) { options.put(TCA_NETEM_RATE64, rate) }
        }
    }

    fileprivate mutating func put(_ bucket: TokenBucket) {
        put(TCA_KIND, text: "tbf")
        nested(TCA_OPTIONS) { options in
            var head = tc_tbf_qopt()
            head.limit = bucket.limit
            head.rate.rate = UInt32(clamping: bucket.rate)
            // So that the kernel counts by itself and wants no table of sizes.
            head.rate.linklayer = UInt8(TC_LINKLAYER_ETHERNET.rawValue)
            options.put(TCA_TBF_PARMS, structure: head)
            options.put(TCA_TBF_BURST, bucket.burst)
            if bucket.rate > UInt64(UInt32.max) { options.put(TCA_TBF_RATE64, bucket.rate) }
        }
    }
}

extension Netem {
    /// Reads the options: a structure, and attributes after it.
    fileprivate init(_ options: Attribute) throws(MalformedMessage) {
        let head = try options.structure(tc_netem_qopt.self)
        self.init(
            delay: UInt64(head.latency) * tick, jitter: UInt64(head.jitter) * tick,
            loss: Probability(fraction: head.loss), duplicate: Probability(fraction: head.duplicate), limit: head.limit)
        for attribute in try Attributes(options.bytes.dropFirst(MemoryLayout<tc_netem_qopt>.size)) {
            switch attribute.type {
            // Both are signed, and a kernel that was given less than nothing would say so.
            case TCA_NETEM_LATENCY64: delay = UInt64(clamping: try attribute.integer(Int64.self))
            case TCA_NETEM_JITTER64: jitter = UInt64(clamping: try attribute.integer(Int64.self))
            case TCA_NETEM_REORDER:
                let value = try attribute.structure(tc_netem_reorder.self)
                reorder = head.gap == 0 ? .never : Probability(fraction: value.probability)
            case TCA_NETEM_CORRUPT:
                corrupt = Probability(fraction: try attribute.structure(tc_netem_corrupt.self).probability)
            case TCA_NETEM_RATE:
                let value = try attribute.structure(tc_netem_rate.self).rate
                if value > 0, rate == nil { rate = UInt64(value) }
            case TCA_NETEM_RATE64: rate = try attribute.integer()
            case TCA_NETEM_CORR, TCA_NETEM_LOSS, TCA_NETEM_SLOT, TCA_NETEM_ECN:
                if attribute.bytes.contains(where: { $0 != 0 }) { others[attribute.type] = Array(attribute.bytes) }
            default: break
            }
        }
    }
}

extension TokenBucket {
    fileprivate init(_ options: Attribute) throws(MalformedMessage) {
        self.init(rate: 0, burst: 0, limit: 0)
        // The time in which the bucket fills; its size does not come back.
        var fill: UInt64 = 0
        for attribute in try options.nested() {
            switch attribute.type {
            case TCA_TBF_PARMS:
                let head = try attribute.structure(tc_tbf_qopt.self)
                if rate == 0 { rate = UInt64(head.rate.rate) }
                limit = head.limit
                fill = UInt64(head.buffer) * tick
            case TCA_TBF_RATE64: rate = try attribute.integer()
            default: break
            }
        }
        let (high, low) = rate.multipliedFullWidth(by: fill)
        let second: UInt64 = 1_000_000_000
        let (size, rest) = high < second ? second.dividingFullWidth((high, low)) : (UInt64.max, 0)
        burst = UInt32(clamping: rest >= second / 2 && size < .max ? size + 1 : size)
    }
}
