import CLinux
import Glibc

/// A module of the kernel, looked for and not loaded: some give the host a device when they are (`dummy0`, `tunl0`), and
/// nslab changes nothing there.
struct KernelModule {
    /// Its name, as modprobe(8) takes it.
    let name: String

    init(_ name: String) { self.name = name }

    /// Whether the kernel has it: built in, loaded, or among its files (modules.builtin(5), modules.dep(5)).
    var isInstalled: Bool {
        if access("/sys/module/\(name)", F_OK) == 0 { return true }
        var system = utsname()
        uname(&system)
        let release = MachineDiagnosis.text(of: &system.release)
        return ["modules.builtin", "modules.dep"].contains { file in
            let lines = HostFile("/lib/modules/\(release)/\(file)").text?.split(separator: "\n") ?? []
            // Paths, with a colon after the first of a line: kernel/drivers/net/dummy.ko.xz:
            return lines.contains { line in
                let path = line.prefix { $0 != ":" }
                return path.split(separator: "/").last?.hasPrefix("\(name).ko") == true
            }
        }
    }
}
