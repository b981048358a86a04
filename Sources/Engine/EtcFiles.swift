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

    /// Writes the files of all namespaces that do not have theirs.
    static func install(_ blueprint: Blueprint, _ state: StateFolder) throws(SystemCallError) {
        var written = contents(state)
        for namespace in blueprint.namespaces {
            guard let resolver = namespace.resolver?.text else { continue }
            let source: String
            if let known = written[resolver] {
                source = known
            } else {
                _ = try Folder.make(state.etc)
                source = try newFolder(in: state.etc)
                try StateFolder.write(Array(resolver.utf8), to: "\(source)/resolv.conf")
                written[resolver] = source
            }
            let link = link(blueprint.pin(of: namespace))
            if let target = FileDescriptor.linkTarget(link) {
                if target == source { continue }
                // What is left of an earlier lab; what is not nslab's is in the way.
                if target.hasPrefix(StateFolder.root + "/"), unlink(link) != 0, errno != ENOENT {
                    throw SystemCallError("unlink", link)
                }
            }
            while symlink(source, link) != 0 {
                // The folder is not there yet, or another lab that goes has just taken it along.
                guard errno == ENOENT else { throw SystemCallError("symlink", link) }
                _ = try Folder.make(folder)
            }
        }
    }

    /// The namespaces whose files are not there or not as they should be, each with the link's path.
    static func faults(_ blueprint: Blueprint, _ state: StateFolder) -> [(namespace: String, path: String)] {
        let written = contents(state)
        return blueprint.namespaces.compactMap { namespace in
            guard let resolver = namespace.resolver?.text else { return nil }
            let link = link(blueprint.pin(of: namespace))
            let target = FileDescriptor.linkTarget(link)
            return target != nil && target == written[resolver] ? nil : (namespace.name, "\(link)/resolv.conf")
        }
    }

    private static func link(_ pin: String) -> String { "\(folder)/\(pin)" }

    /// The folders of the lab's state by the content of their `resolv.conf`.
    private static func contents(_ state: StateFolder) -> [String: String] {
        var contents: [String: String] = [:]
        for name in Folder.names(state.etc) {
            let path = "\(state.etc)/\(name)"
            guard let bytes = try? StateFolder.read("\(path)/resolv.conf") else { continue }
            contents[String(decoding: bytes, as: UTF8.self)] = path
        }
        return contents
    }

    /// Makes a folder with a number that none has.
    private static func newFolder(in path: String) throws(SystemCallError) -> String {
        var number = 0
        while try !Folder.make("\(path)/\(number)") { number += 1 }
        return "\(path)/\(number)"
    }

    /// The folder that stands in for `/etc` in a namespace; nil for the host's own.
    static func path(_ pin: String) -> String? {
        let link = link(pin)
        return access(link, F_OK) == 0 ? link : nil
    }

    /// Removes a lab's links to the files of these pins, and the folder if that leaves it empty. A link that leads elsewhere
    /// is not the lab's.
    static func remove(of pins: [String], _ state: StateFolder) throws(SystemCallError) {
        let own = state.etc + "/"
        for pin in pins {
            let link = link(pin)
            guard let target = FileDescriptor.linkTarget(link), target.hasPrefix(own) else { continue }
            if unlink(link) != 0, errno != ENOENT { throw SystemCallError("unlink", link) }
        }
        rmdir(folder)
    }

    /// The names of all links that lead into a lab's state, whatever they are called.
    static func links(_ state: StateFolder) -> [String] {
        let own = state.etc + "/"
        return Folder.names(folder).filter { FileDescriptor.linkTarget(link($0))?.hasPrefix(own) == true }
    }
}
