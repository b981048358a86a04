import CLinux
import Glibc
import System

/// A place where programs of BPF are attached and stay, beside those that netlink tells of (bpf(2)).
public enum ProgramPlace: UInt32, Sendable, CaseIterable {
    // BPF_FLOW_DISSECTOR, BPF_SK_LOOKUP, BPF_TCX_INGRESS and BPF_TCX_EGRESS in <linux/bpf.h>; older headers lack some.
    case flowDissector = 17
    case socketLookup = 36
    case tcxIngress = 46
    case tcxEgress = 47

    /// Whether a link has it; otherwise it is the namespace's.
    public var isOfLink: Bool { self == .tcxIngress || self == .tcxEgress }
}

extension InsideNamespace {
    /// How many programs are attached at a place of the namespace, or of the link with a number.
    ///
    /// - Throws: `SystemCallError`; with `EPERM` where the kernel does not tell.
    public func attachedPrograms(_ place: ProgramPlace, link: Int32 = 0) throws(SystemCallError) -> Int {
        let count: CInt
        if place.isOfLink {
            count = nslab_count_programs(UInt32(bitPattern: link), place.rawValue)
        } else {
            count = nslab_count_programs(UInt32(try namespace().descriptor.number), place.rawValue)
        }
        if count >= 0 { return Int(count) }
        // None has been attached, or the kernel has no such place, or no BPF at all.
        if [ENOENT, EINVAL, ENOSYS, EOPNOTSUPP].contains(errno) { return 0 }
        throw SystemCallError("bpf", "\(place)")
    }
}
