import CLinux
import Glibc
import NetworkNamespaces

extension ResponderProcess {
    /// A lab's background process, found without the lab's state.
    public struct Orphan: Hashable, Sendable {
        /// The lab's name, as the process was told it.
        public var lab: String
        /// Its process ID.
        public var pid: pid_t
    }

    /// The background processes of all labs: those of which the program is nslab and the command line says so.
    public static func all() -> [Orphan] {
        Folder.names("/proc").compactMap { name in pid_t(name).flatMap(orphan) }
    }

    private static func orphan(_ pid: pid_t) -> Orphan? {
        guard let file = try? FileDescriptor(opening: "/proc/\(pid)/cmdline", O_RDONLY),
            let bytes = try? file.readAll("cmdline", limit: 4096)
        else { return nil }
        let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard words.count == 3, words[0] == "nslab", words[1] == ResponderService.command,
            let target = FileDescriptor.linkTarget("/proc/\(pid)/exe"), Program.isNSLab(target)
        else { return nil }
        return Orphan(lab: words[2], pid: pid)
    }

    /// Ends background processes of a lab whose state no longer tells of them.
    public static func end(orphansOf lab: String) {
        for orphan in all() where orphan.lab == lab {
            let process = CInt(syscall_pidfd_open(orphan.pid))
            guard process >= 0 else { continue }
            let descriptor = FileDescriptor(owning: process)
            // Now that it is held, its number cannot pass to another.
            guard self.orphan(orphan.pid) == orphan else { continue }
            for (signal, milliseconds) in [(SIGTERM, CInt(500)), (SIGKILL, 5000)] {
                syscall_pidfd_send_signal(descriptor.number, signal)
                var waiting = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
                if poll(&waiting, 1, milliseconds) > 0 { break }
            }
        }
    }
}
