import Addresses
import NetworkObjects
import Topology

extension Qdisc {
    /// What makes the frames that leave by a link suffer these conditions.
    ///
    /// - Parameters:
    ///   - mtu: the link's, in bytes.
    /// - Returns: nil if nothing is asked for, or if the kernel cannot do it.
    public init?(_ device: InterfaceName, _ conditions: LinkConditions, mtu: UInt32, features: KernelFeatures) {
        if conditions == .none { return nil }
        if features.contains(.netem) {
            self.init(
                device,
                .netem(
                    Netem(
                        delay: conditions.delay, jitter: conditions.jitter,
                        loss: Probability(millionths: conditions.loss),
                        duplicate: Probability(millionths: conditions.duplicate),
                        reorder: Probability(millionths: conditions.reorder),
                        corrupt: Probability(millionths: conditions.corrupt), rate: conditions.rate.map { $0 / 8 })))
        } else if let rate = conditions.rate, conditions.isRateAlone, features.contains(.tokenBucket) {
            self.init(device, .tokenBucket(TokenBucket(rate: rate / 8, mtu: mtu)))
        } else {
            return nil
        }
    }
}

extension LinkConditions {
    /// What a queueing discipline does to frames; nil for one that is none of nslab's kinds.
    public init?(_ kind: Qdisc.Kind) {
        switch kind {
        case .netem(let netem):
            self.init(
                delay: netem.delay, jitter: netem.jitter, loss: netem.loss.millionths,
                duplicate: netem.duplicate.millionths, reorder: netem.reorder.millionths,
                corrupt: netem.corrupt.millionths,
                rate: netem.rate.map(Self.bits))
        case .tokenBucket(let bucket):
            self.init(rate: Self.bits(bucket.rate))
        case .other: return nil
        }
    }

    /// Bytes as bits, as far as they can be counted.
    private static func bits(_ bytes: UInt64) -> UInt64 { bytes > .max / 8 ? .max : bytes * 8 }
}

extension Topology {
    /// Whether a cable has conditions, so that it matters what the kernel can do of them.
    public var hasLinkConditions: Bool { cables.contains { $0.conditions.contains { $0 != .none } } }
}

extension Blueprint {
    /// Gives the cables' ends the conditions of what leaves by them.
    mutating func addConditions(
        of topology: Topology, _ features: KernelFeatures, problems: inout [BlueprintError.Problem]
    ) {
        guard topology.hasLinkConditions else { return }
        let positions = Dictionary(
            namespaces.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        for cable in topology.cables {
            for (end, conditions) in zip(cable.ends, cable.conditions) where conditions != .none {
                // An end that leads nowhere was reported already.
                guard let position = positions[end.device] else { continue }
                for link in namespaces[position].content.links where link.isOfCable(at: end.interface) {
                    let mtu = link.mtu ?? Cabling.ethernetMTU
                    if let qdisc = Qdisc(link.name, conditions, mtu: mtu, features: features) {
                        namespaces[position].content.qdiscs.append(qdisc)
                    } else if link.name.description == end.interface {
                        problems.append(.needsQdisc(end, conditions))
                    }
                }
            }
        }
    }
}

extension Link {
    /// Whether frames of this end of a cable leave by the link: the end itself, and the veths of its VLANs where the kernel has
    /// no 802.1Q links (`TaggedCables`).
    fileprivate func isOfCable(at interface: String) -> Bool {
        guard case .veth = kind else { return false }
        let name = name.description
        return name == interface || name.hasPrefix(interface + ".")
    }
}
