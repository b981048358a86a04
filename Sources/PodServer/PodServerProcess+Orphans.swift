import Glibc
import System

extension PodServerProcess {
    /// The words that have the program be a background process of a lab: `nslab WORD LAB`. Another process that a lab may have says
    /// its own.
    public static let commands = [PodServerService.command, "controllers"]

    /// A lab's background process, found without the lab's state.
    public struct Orphan: Hashable, Sendable {
        /// The lab's name, from the process's command line.
        public var lab: String
        /// Its process ID.
        public var pid: pid_t
    }

    /// The background processes of all labs that have their state in this `/run`: those of which the program is nslab and the
    /// command line says so.
    ///
    /// - Throws: `SystemCallError` if that cannot be seen for want of descriptors.
    public static func all() throws(SystemCallError) -> [Orphan] {
        var found: [Orphan] = []
        for name in try Directory.list("/proc") {
            if let pid = pid_t(name), let orphan = try orphan(pid) { found.append(orphan) }
        }
        return found
    }

    private static func orphan(_ pid: pid_t) throws(SystemCallError) -> Orphan? {
        let bytes: [UInt8]
        do {
            bytes = try FileDescriptor(opening: "/proc/\(pid)/cmdline", O_RDONLY).readAll("cmdline", limit: 4096)
        } catch {
            if error.isShortage { throw error }
            return nil
        }
        let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard words.count == 3, words[0] == "nslab", commands.contains(words[1]),
            let target = FileDescriptor.linkTarget("/proc/\(pid)/exe"), Executable.isPath(target, of: "nslab"),
            let run = FileIdentity(at: "/proc/\(pid)/root/run"), run == FileIdentity(at: "/run")
        else { return nil }
        return Orphan(lab: words[2], pid: pid)
    }

    /// Ends background processes of a lab whose state is lost.
    ///
    /// - Throws: `SystemCallError` if they cannot be found or held for want of descriptors.
    public static func end(orphansOf lab: String) throws(SystemCallError) {
        for orphan in try all() where orphan.lab == lab {
            do {
                // Now that it is held, its number cannot pass to another.
                guard let process = try ProcessHandle(orphan.pid), try self.orphan(orphan.pid) == orphan else {
                    continue
                }
                _ = process.end(grace: 500)
            } catch {
                if error.isShortage { throw error }
            }
        }
    }
}
