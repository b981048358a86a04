import Blueprint
import CLinux
import Glibc
import NetworkNamespaces

/// The files that stand in for those in `/etc` for processes inside a namespace.
///
/// Each different content is kept once, in the lab's state folder; `/etc/netns/PIN` is a link to it, where
/// `ip netns exec` looks as well (ip-netns(8)).
enum EtcFiles {
    /// iproute2's folder.
    static let folder = "/etc/netns"

    /// Writes the files of all namespaces.
    static func install(_ blueprint: Blueprint, _ journal: Journal, _ state: StateFolder) throws(SystemCallError) {
        var written: [String: String] = [:]
        for (namespace, entry) in zip(blueprint.namespaces, journal.namespaces) {
            guard let resolver = namespace.resolverConfiguration else { continue }
            if written.isEmpty { try makeFolder(state.etc) }
            let source: String
            if let known = written[resolver] {
                source = known
            } else {
                source = "\(state.etc)/\(written.count)"
                if mkdir(source, 0o755) != 0 { throw SystemCallError("mkdir", source) }
                try StateFolder.write(Array(resolver.utf8), to: "\(source)/resolv.conf")
                written[resolver] = source
            }
            let link = "\(folder)/\(entry.pin)"
            while symlink(source, link) != 0 {
                // The folder is not there yet, or another lab that goes has just taken it along.
                guard errno == ENOENT else { throw SystemCallError("symlink", link) }
                try makeFolder(folder)
            }
        }
    }

    private static func makeFolder(_ path: String) throws(SystemCallError) {
        if mkdir(path, 0o755) != 0, errno != EEXIST { throw SystemCallError("mkdir", path) }
    }

    /// The folder that stands in for `/etc` in a namespace; nil for the host's own.
    static func path(_ pin: String) -> String? {
        let link = "\(folder)/\(pin)"
        return access(link, F_OK) == 0 ? link : nil
    }

    /// Removes a lab's links, and the folder if that leaves it empty. A link that leads elsewhere is not the lab's.
    static func remove(_ journal: Journal) throws(SystemCallError) {
        let own = StateFolder(lab: journal.lab).etc + "/"
        for entry in journal.namespaces {
            let link = "\(folder)/\(entry.pin)"
            guard let target = FileDescriptor.linkTarget(link), target.hasPrefix(own) else { continue }
            if unlink(link) != 0, errno != ENOENT { throw SystemCallError("unlink", link) }
        }
        rmdir(folder)
    }
}
