import Blueprint
import CLinux
import Glibc
import System

/// The files that stand in for those in `/etc` for processes inside a namespace.
///
/// Each different content is kept once, in the lab's state folder; `/etc/netns/PIN` is a link to it, where
/// `ip netns exec` looks as well (ip-netns(8)).
enum EtcFiles {
    /// iproute2's folder.
    static let folder = "/etc/netns"

    /// There while the folder is one that nslab made.
    private static let note = "\(StateDirectory.root)/.etc-netns"

    /// Why there can be no links in iproute2's folder; nil if there can.
    private static var obstacle: SystemCallError? {
        if access("\(folder)/.", W_OK) == 0 { return nil }
        let error = SystemCallError("access", folder)
        // Only a folder that is not there can be made; a link to one that is not there cannot.
        guard error.isNoSuchFile, FileDescriptor.linkTarget(folder) == nil else { return error }
        return access("/etc", W_OK) == 0 ? nil : SystemCallError("access", "/etc")
    }

    /// What does not work on this machine for want of links in iproute2's folder, a sentence; nil if all does.
    static var warning: String? {
        obstacle.map {
            "\($0.object): \($0.words): what `ip netns exec` starts in the lab sees the host's resolv.conf; "
                + "`nslab exec` shows the lab's"
        }
    }

    /// Writes the files of all namespaces that do not have theirs, and links to them where there can be links.
    static func install(_ blueprint: Blueprint, _ state: StateDirectory) throws {
        var written = try contents(state)
        let canLink = obstacle == nil
        for namespace in blueprint.namespaces {
            guard let resolver = namespace.resolver?.text else { continue }
            let source: String
            if let known = written[resolver] {
                source = known
            } else {
                _ = try Directory.make(state.etc)
                source = try newFolder(in: state.etc)
                try StateDirectory.write(Array(resolver.utf8), to: "\(source)/resolv.conf")
                written[resolver] = source
            }
            guard canLink else { continue }
            let link = link(blueprint.pin(of: namespace))
            if let target = FileDescriptor.linkTarget(link) {
                if target == source || isForeign(target) { continue }
                // What is left of an earlier lab; what is not nslab's is in the way.
                if StateDirectory.owner(ofFiles: target) != nil, unlink(link) != 0, errno != ENOENT {
                    throw SystemCallError("unlink", link)
                }
            }
            try makeLink(link, to: source)
        }
    }

    private static func makeLink(_ link: String, to source: String) throws {
        var attempts = 0
        while symlink(source, link) != 0 {
            // The folder is not there yet, or another lab that goes has just taken it along. That does not happen for ever.
            guard errno == ENOENT, attempts < 100 else { throw SystemCallError("symlink", link) }
            attempts += 1
            try makeFolder()
        }
    }

    private static func makeFolder() throws {
        try LabLock.holdingRoot {
            if access(folder, F_OK) == 0 { return }
            // First, so that a folder that is nslab's is known as such whenever nslab is killed.
            try StateDirectory.write([], to: note)
            if try !Directory.make(folder) { unlink(note) }
        }
    }

    /// Removes the folder if nslab made it and nobody has anything in it.
    private static func removeFolder() throws {
        try LabLock.holdingRoot {
            if access(note, F_OK) == 0, rmdir(folder) == 0 || errno == ENOENT { unlink(note) }
        }
    }

    /// Once no lab is left, a folder that others have something in is theirs.
    static func forgetFolder() { unlink(note) }

    /// The namespaces whose files are not there or not as they should be, each with the link's path.
    static func faults(
        _ blueprint: Blueprint, _ state: StateDirectory
    ) throws(EngineError) -> [(namespace: String, path: String)] {
        let written = try contents(state)
        let canLink = obstacle == nil
        return blueprint.namespaces.compactMap { namespace in
            guard let resolver = namespace.resolver?.text else { return nil }
            let link = link(blueprint.pin(of: namespace))
            if !canLink, written[resolver] != nil { return nil }
            let target = FileDescriptor.linkTarget(link)
            if let target, isForeign(target) { return nil }
            return target != nil && target == written[resolver] ? nil : (namespace.name, "\(link)/resolv.conf")
        }
    }

    /// Whether a link is that of a lab which has its state in another `/run`: it stays, and this lab has none of the name.
    private static func isForeign(_ target: String) -> Bool {
        target.hasPrefix(StateDirectory.root + "/") && StateDirectory.owner(ofFiles: target) == nil
    }

    private static func link(_ pin: String) -> String { "\(folder)/\(pin)" }

    /// The folders of the lab's state by the content of their `resolv.conf`.
    private static func contents(_ state: StateDirectory) throws(EngineError) -> [String: String] {
        var contents: [String: String] = [:]
        for name in Directory.names(state.etc) {
            let path = "\(state.etc)/\(name)"
            do throws(EngineError) {
                guard let bytes = try StateDirectory.read("\(path)/resolv.conf") else { continue }
                contents[String(decoding: bytes, as: UTF8.self)] = path
            } catch .untrusted {
                // Somebody put something else there: it counts as missing, and `up` writes another.
            }
        }
        return contents
    }

    /// Makes a folder with a number that none has.
    private static func newFolder(in path: String) throws(SystemCallError) -> String {
        var number = 0
        while try !Directory.make("\(path)/\(number)") { number += 1 }
        return "\(path)/\(number)"
    }

    /// The folder that stands in for `/etc` in a namespace; nil for the host's own.
    static func path(
        _ namespace: Blueprint.Namespace?, pin: String, _ state: StateDirectory
    ) throws(EngineError) -> String? {
        let link = link(pin)
        let isOthers = FileDescriptor.linkTarget(link).map(isForeign) ?? false
        if !isOthers, access(link, F_OK) == 0 { return link }
        guard let resolver = namespace?.resolver else { return nil }
        return try contents(state)[resolver.text]
    }

    /// Removes a lab's links to the files of these pins, and the folder if that leaves it empty. A link that leads elsewhere
    /// is not the lab's.
    static func remove(of pins: [String], _ state: StateDirectory) throws {
        for pin in pins {
            let link = link(pin)
            guard let target = FileDescriptor.linkTarget(link), StateDirectory.owner(ofFiles: target) == state.lab
            else { continue }
            if unlink(link) != 0, errno != ENOENT { throw SystemCallError("unlink", link) }
        }
        try removeFolder()
    }

    /// The names of all links that lead into a lab's state, whatever they are called.
    static func links(_ state: StateDirectory) -> [String] {
        Directory.names(folder).filter {
            // There may be thousands of other labs.
            guard let target = FileDescriptor.linkTarget(link($0)), target.hasPrefix(state.path) else { return false }
            return StateDirectory.owner(ofFiles: target) == state.lab
        }
    }
}
