import Addresses
import Blueprint
import NetworkObjects
import Topology

/// What the commands of one host did, found by looking after each of them. Pure.
struct CommandEffects {
    private let commands: [HostCommand]
    private let first: HostObservation
    private(set) var last: HostObservation
    /// By object, the command that made it, or changed last what was there before.
    private var touched: [KernelObject.Identity: Int] = [:]
    /// By path, what a setting was before a command changed it, what it is now, and that command.
    private var settings: [String: (before: String?, after: String?, command: Int)] = [:]

    /// - Parameter first: what there was when the commands began.
    init(_ commands: [HostCommand], _ first: HostObservation) {
        self.commands = commands
        self.first = first
        last = first
    }

    /// Takes note of what there is after a command.
    mutating func take(_ seen: HostObservation, after command: Int) {
        for identity in Set(seen.objects.keys).union(last.objects.keys)
        where !Self.areSame(seen.objects[identity], last.objects[identity]) {
            // What is new is of the command that made it, whatever others do with it.
            if last.objects[identity] == nil || first.objects[identity] != nil { touched[identity] = command }
        }
        last = seen
    }

    /// Takes note of the settings that a command changed.
    mutating func take(_ before: SettingSnapshot, _ after: SettingSnapshot, of command: Int) {
        for (path, value) in after.values where before.values[path] != value {
            // A link that is new has settings that are new, of which it is not known who chose them.
            guard let former = before.values[path] else { continue }
            settings[path] = (settings[path]?.before ?? former, value, command)
        }
    }

    /// What they made in all.
    var made: MadeByCommands {
        var made = MadeByCommands()
        let renames = renames
        made.renamed = Dictionary(
            renames.map { ($0.former.name, $0.now.name) }, uniquingKeysWith: { first, _ in first })
        let former = Set(renames.map { KernelObject($0.former).identity })
        for (identity, command) in touched where !former.contains(identity) {
            var before = first.objects[identity] ?? []
            if let rename = renames.first(where: { KernelObject($0.now).identity == identity }) {
                var link = rename.former
                link.name = rename.now.name
                before = [KernelObject(link)]
            }
            let after = (last.objects[identity] ?? []).filter { !isOfDaemon($0) }
            if Self.areSame(before, after) { continue }
            made.changes.append(
                MadeByCommands.Change(
                    before: before.first, after: after.map { own($0, before.first) }, command: command))
        }
        for (path, setting) in settings where setting.before != setting.after {
            let sysctl = { (value: String) in KernelObject(Sysctl(path, value)) }
            made.changes.append(
                MadeByCommands.Change(
                    before: setting.before.map(sysctl), after: setting.after.map { [sysctl($0)] } ?? [],
                    command: setting.command))
        }
        made.changes.sort(by: Self.isBefore)
        return made
    }

    /// The ends of cables that have another name now: they have kept their addresses.
    private var renames: [(former: Link, now: Link)] {
        func ends(_ seen: HostObservation, without other: HostObservation) -> [Link] {
            seen.objects.filter { other.objects[$0.key] == nil }.values.joined().compactMap { object in
                guard let link = object.value as? Link, case .veth = link.kind, link.mac != nil else { return nil }
                return link
            }
        }
        let new = ends(last, without: first)
        return ends(first, without: last).compactMap { former in
            let same = new.filter { $0.mac == former.mac }
            return same.count == 1 ? (former, same[0]) : nil
        }
    }

    /// In the order of the kinds, of the commands and of the words, so that a route is there before one that needs it.
    private static func isBefore(_ one: MadeByCommands.Change, _ other: MadeByCommands.Change) -> Bool {
        func key(_ change: MadeByCommands.Change) -> (Int, Int, String) {
            let object = change.after.first ?? change.before
            let rank = object?.rank ?? 0
            // Of settings the namespace's own come first.
            if let setting = object?.value as? Sysctl {
                return (rank, setting.link == nil ? 0 : 1, setting.path)
            }
            return (rank, change.command, object?.description ?? "")
        }
        return key(one) < key(other)
    }

    private static func areSame(_ one: [KernelObject]?, _ other: [KernelObject]?) -> Bool {
        let (one, other) = (one ?? [], other ?? [])
        return one.count == other.count && (one == other || Set(one) == Set(other))
    }

    /// Whether it is a program's that was started, which may change it as it learns.
    private func isOfDaemon(_ object: KernelObject) -> Bool {
        object.isOfDaemon && !commands.contains { $0.words.contains { $0.contains("proto") } }
    }

    /// An object as it should be from now on: without what the kernel chose for it and may choose otherwise.
    private func own(_ object: KernelObject, _ before: KernelObject?) -> KernelObject {
        guard var link = object.value as? Link, case .bridge = link.kind else { return object }
        let former = before?.value as? Link
        // A bridge has the address of one of its ports, and the smallest of their MTUs, unless it was told.
        let told = commands.flatMap(\.words).joined(separator: " ").lowercased()
        if let mac = link.mac, !told.contains("\(mac)") { link.mac = former?.mac }
        if let mtu = link.mtu, !told.contains("mtu \(mtu)") { link.mtu = former?.mtu }
        return KernelObject(link)
    }
}
