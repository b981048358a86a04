import CLinux
import Glibc
import System

/// A place of a link where programs of BPF are attached and stay, beside those that netlink tells of (bpf(2)).
public enum ProgramPlace: UInt32, Sendable, CaseIterable {
    // BPF_TCX_INGRESS and BPF_TCX_EGRESS in <linux/bpf.h>; headers before Linux 6.6 lack them.
    case tcxIngress = 46
    case tcxEgress = 47
}

extension InsideNamespace {
    /// How many programs are attached at a place of the link with a number.
    ///
    /// - Throws: `SystemCallError`; with `EPERM` where the kernel does not tell.
    public func attachedPrograms(_ place: ProgramPlace, link: Int32) throws(SystemCallError) -> Int {
        let count = nslab_count_programs(UInt32(bitPattern: link), place.rawValue)
        if count >= 0 { return Int(count) }
        // None has been attached, or the link has gone meanwhile, or the kernel has no such place, or no BPF at all.
        if [ENOENT, ENODEV, EINVAL, ENOSYS, EOPNOTSUPP].contains(errno) { return 0 }
        throw SystemCallError("bpf", "\(place)")
    }
}
