import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
import Rtnetlink

extension Session {
    /// What of a namespace's settings, and of its links, is neither as the blueprint says nor as it is where nobody has touched it.
    ///
    /// - Parameters:
    ///   - fresh: how all namespaces are that nobody has touched.
    ///   - position: the namespace's place in the blueprint.
    ///   - seen: what it was seen to hold.
    ///   - context: what that was made of.
    ///   - socket: one that was opened inside.
    func deviations(
        from fresh: FreshNamespaces, at position: Int, _ seen: NamespaceSnapshot, _ context: ObservationContext,
        _ socket: inout GenericSocket, in inside: borrowing InsideNamespace
    ) throws -> [ObjectFinding] {
        guard let (group, freshLinks) = try fresh.expectation(of: position) else { return [] }
        let (wanted, links, details) = (context.wanted, seen.links, context.details)
        let declared = Set(wanted.sysctls.map(\.path))
        var findings: [ObjectFinding] = []
        for setting in try group.settings.differences(in: inside, except: declared.contains) {
            findings.append(ObjectFinding(setting.path, wanted: setting.wanted, found: setting.found))
        }
        let parameters = try withSocket { socket in try socket.neighbourParameters() }
        for link in wanted.links {
            guard let expected = freshLinks[link.name], let observed = links[link.name],
                let detail = details[observed.index]
            else { continue }
            // A port of a bridge without STP sends as long as it has a carrier.
            var fresh = expected.detail
            let hasSTP = link.master.flatMap { links[$0] }.flatMap { details[$0.index] }?.hasSTP ?? false
            fresh.setPortState(observed.hasCarrier && !hasSTP ? .forwarding : detail.portState)
            findings += detail.deviations(from: fresh, of: link)
            /// Which of a link's settings it is, the files tell; that it is any, the kernel's messages.
            func compareFiles(_ family: String, _ table: String) throws {
                let mine = try inside.linkSettings("\(family)/\(table)/\(link.name)")
                let theirs = try group.origin.settings("\(family)/\(table)/\(expected.name)")
                for name in Set(mine.keys).union(theirs.keys).sorted() where mine[name] != theirs[name] {
                    let path = "\(family)/\(table)/\(link.name)/\(name)"
                    if declared.contains(path) || otherwiseTold.contains(name) { continue }
                    findings.append(ObjectFinding(path, wanted: theirs[name], found: mine[name]))
                }
            }
            if detail.ipv4 != expected.detail.ipv4 { try compareFiles("ipv4", "conf") }
            if detail.ipv6 != expected.detail.ipv6 { try compareFiles("ipv6", "conf") }
            if detail.ipv6 == expected.detail.ipv6 {
                for setting in try expected.silent.differences(of: link.name, in: inside)
                where !declared.contains(setting.path) {
                    findings.append(ObjectFinding(setting.path, wanted: setting.wanted, found: setting.found))
                }
            }
            if let mtu = observed.link.mtu, let own = detail.ipv6MTU, own != mtu {
                findings.append(ObjectFinding("ipv6/conf/\(link.name)/mtu", wanted: "\(mtu)", found: "\(own)"))
            }
            for family in AddressFamily.allCases
            where parameters[family]?[observed.index] != expected.parameters[family] {
                try compareFiles(family == .ipv4 ? "ipv4" : "ipv6", "neigh")
            }
        }
        findings += KernelMadeObjects.missing(links, in: context)
        if let ethtool = fresh.families[GenericFamily.ethtool] {
            findings += try driverSettings(ethtool, wanted.links, freshLinks, group.origin, links, &socket)
        }
        for family in FilterTable.Family.allCases {
            for name in try inside.filterTableNames(family) {
                let (expected, found) = (try fresh.filterTable(family, name), try inside.filterTable(family, name))
                if expected != found { findings.append(ObjectFinding(LegacyTable(expected), LegacyTable(found))) }
            }
        }
        return findings
    }

    /// The programs of BPF that are attached to links: to one that nobody has touched, none.
    func attachedPrograms(_ context: ObservationContext, in inside: borrowing InsideNamespace) throws -> [ObjectFinding]
    {
        var findings: [ObjectFinding] = []
        let wanted = Set(context.wanted.links.map(\.name))
        for link in context.links where wanted.contains(link.link.name) {
            for place in ProgramPlace.allCases {
                let count = try inside.attachedPrograms(place, link: link.index)
                if count == 0 { continue }
                let number = Int(place.rawValue)
                findings.append(
                    ObjectFinding(
                        LinkAttribute(link.link.name, programs: 0, at: number),
                        LinkAttribute(link.link.name, programs: count, at: number)))
            }
        }
        return findings
    }

    /// What links are asked to do that fresh ones are not, and what they are not asked for.
    private func driverSettings(
        _ ethtool: GenericFamily, _ wanted: [Link], _ fresh: [InterfaceName: FreshNamespaces.FreshLink],
        _ origin: FreshNamespaces.Origin, _ links: [InterfaceName: ObservedLink], _ socket: inout GenericSocket
    ) throws -> [ObjectFinding] {
        var findings: [ObjectFinding] = []
        let channels = try socket.channels(ethtool)
        for link in wanted {
            guard let index = links[link.name]?.index, let expected = fresh[link.name], let own = channels[index] else {
                continue
            }
            for (name, count) in expected.channels.sorted(by: { $0.key < $1.key }) where own[name] != count {
                findings.append(
                    ObjectFinding(
                        DriverSetting(link.name, .channels, name, count),
                        DriverSetting(link.name, .channels, name, own[name] ?? 0)))
            }
        }
        let found = try socket.wantedFeatures(ethtool)
        let other = wanted.compactMap { link -> (InterfaceName, InterfaceIndex, InterfaceIndex)? in
            guard let index = links[link.name]?.index, let expected = fresh[link.name], let bits = found[index],
                bits != expected.features
            else { return nil }
            return (link.name, index, expected.index)
        }
        if other.isEmpty { return findings }
        let (names, freshNames) = (try socket.wantedFeatureNames(ethtool), try origin.featureNames(ethtool))
        for (device, index, freshIndex) in other {
            let expected = freshNames[freshIndex] ?? []
            for name in expected.symmetricDifference(names[index] ?? []).sorted() {
                let isOn: UInt32 = expected.contains(name) ? 1 : 0
                findings.append(
                    ObjectFinding(
                        DriverSetting(device, .feature, name, isOn), DriverSetting(device, .feature, name, 1 - isOn)))
            }
        }
        return findings
    }
}

/// Settings of links that follow the link's MTU, and those of which another says the same in a smaller unit.
private let otherwiseTold: Set<String> = ["mtu", "base_reachable_time", "retrans_time", "unres_qlen"]

extension LinkDetail {
    fileprivate func deviations(from fresh: LinkDetail, of link: Link) -> [ObjectFinding] {
        fresh.differences(from: self, of: link.name).compactMap { wanted, found in
            // The alias is the lab's mark, or the blueprint's.
            if wanted.isAlias, link.kind == .loopback || link.alias != nil { return nil }
            if wanted.isMTU, link.mtu != nil { return nil }
            return ObjectFinding(wanted, found)
        }
    }
}

extension ObjectFinding {
    fileprivate init<Object: NetworkObject>(_ wanted: Object, _ found: Object) {
        self = .different(KernelObject(wanted), found: KernelObject(found), wanted.differences(from: found))
    }

    /// A setting that has another value; nil for none.
    fileprivate init(_ path: String, wanted: String?, found: String?) {
        let (own, other) = (Sysctl(path, wanted ?? ""), Sysctl(path, found ?? ""))
        self = .different(
            KernelObject(own), found: KernelObject(other),
            [AttributeDifference(own.attributeName, wanted: wanted, found: found)])
    }

    /// Whether the kernel has no request that makes what was found what it should be.
    var hasNoInverse: Bool {
        guard case .different(let wanted, _, let attributes) = self else { return false }
        switch wanted.value {
        case let attribute as LinkAttribute: return !attribute.isChangeable
        case is Sysctl: return attributes.contains { $0.wanted == nil }
        // What the kernel makes of a link itself.
        case is Link: return true
        default: return false
        }
    }
}
