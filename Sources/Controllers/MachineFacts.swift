import ControlPlane
import Glibc
import System

extension ClusterLab.Machine {
    /// This machine.
    static var own: Self {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let titles = line("/etc/os-release", from: "PRETTY_NAME=") ?? "Linux"
        return Self(
            kernelVersion: release, osImage: String(titles.filter { $0 != "\"" }),
            bootID: line("/proc/sys/kernel/random/boot_id") ?? "", machineID: line("/etc/machine-id") ?? "",
            processors: Processors.available, memory: Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(getpagesize()))
    }

    /// The first line of a file that begins so, without its beginning; nil if there is none.
    private static func line(_ path: String, from beginning: String = "") -> String? {
        // A machine without the file has nothing to say there.
        guard let bytes = try? FileDescriptor(opening: path, O_RDONLY).readAll(path, limit: 64 << 10) else {
            return nil
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return lines.first { $0.hasPrefix(beginning) }.map { String($0.dropFirst(beginning.count)) }
    }
}
