import CCap
import CLinux
import Glibc
import System

/// The process's privileges, in units of capabilities(7).
public enum Capabilities {
    /// One capability by its name and number.
    public struct Capability: Hashable, Sendable {
        /// The name in capabilities(7).
        public let name: String
        let value: cap_value_t
    }

    /// What a lab cannot be built without: namespaces and mounts; links, routes and rules.
    public static let required = [
        Capability(name: "CAP_SYS_ADMIN", value: CAP_SYS_ADMIN),
        Capability(name: "CAP_NET_ADMIN", value: CAP_NET_ADMIN),
    ]

    /// What nslab keeps where it has it: raw sockets for probes; pods' ports below 1024; ending and finding the processes inside a lab; reading the
    /// user's topology wherever it stands; raising the limit on open files.
    static let kept =
        required + [
            Capability(name: "CAP_NET_RAW", value: CAP_NET_RAW),
            Capability(name: "CAP_NET_BIND_SERVICE", value: CAP_NET_BIND_SERVICE),
            Capability(name: "CAP_KILL", value: CAP_KILL),
            Capability(name: "CAP_SYS_PTRACE", value: CAP_SYS_PTRACE),
            Capability(name: "CAP_DAC_READ_SEARCH", value: CAP_DAC_READ_SEARCH),
            Capability(name: "CAP_SYS_RESOURCE", value: CAP_SYS_RESOURCE),
        ]

    /// The required capabilities that the calling thread has not in effect; empty if nothing is missing.
    public static func missing() -> [Capability] {
        guard let state = cap_get_proc() else { return required }
        defer { cap_free(UnsafeMutableRawPointer(state)) }
        return required.filter { !holds(state, $0) }
    }

    /// Gives up, in the calling thread and those that it will start, every capability that nslab has no use for.
    ///
    /// The bounding set stays: a program that root starts later has root's capabilities again. Where the process must not gain
    /// privileges by starting a program (`no_new_privs`, prctl(2)), such a program gets what this process holds and no more:
    /// then what is given up is what is in effect, and it stays among what is held.
    ///
    /// - Throws: `SystemCallError` if the kernel refuses.
    public static func dropUnneeded() throws(SystemCallError) {
        guard let held = cap_get_proc(), let wanted = cap_init() else {
            throw SystemCallError("cap_get_proc", "process")
        }
        let gainsNoPrivileges = nslab_prctl(PR_GET_NO_NEW_PRIVS, 0) == 1
        var values = kept.filter { holds(held, $0) }.map(\.value)
        defer {
            cap_free(UnsafeMutableRawPointer(held))
            cap_free(UnsafeMutableRawPointer(wanted))
        }
        let state = gainsNoPrivileges ? held : wanted
        if gainsNoPrivileges {
            try systemCall("cap_clear_flag", "process") { cap_clear_flag(held, CAP_EFFECTIVE) }
        }
        for flag in gainsNoPrivileges ? [CAP_EFFECTIVE] : [CAP_PERMITTED, CAP_EFFECTIVE] {
            try systemCall("cap_set_flag", "process") {
                cap_set_flag(state, flag, CInt(values.count), &values, CAP_SET)
            }
        }
        try systemCall("cap_set_proc", "process") { cap_set_proc(state) }
    }

    /// What programs of a lab's files need: what a container has, and its network.
    private static let contained = [
        CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_SETFCAP,
        CAP_NET_BIND_SERVICE, CAP_NET_BROADCAST, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_CHROOT, CAP_AUDIT_WRITE,
    ]

    /// Gives up, for good, all but what a container has and its network (`CAP_NET_ADMIN`): no program that is started gets more.
    ///
    /// - Throws: `SystemCallError` if the kernel refuses.
    public static func contain() throws(SystemCallError) {
        try systemCall("prctl", "process") { nslab_prctl(PR_SET_NO_NEW_PRIVS, 1) }
        _ = nslab_clear_ambient()
        for value in 0..<64 where nslab_prctl(PR_CAPBSET_READ, UInt(value)) == 1 {
            // Without CAP_SETPCAP the bounding set stays, and `no_new_privs` alone keeps programs from it.
            if !contained.contains(CInt(value)), nslab_prctl(PR_CAPBSET_DROP, UInt(value)) != 0, errno != EPERM {
                throw SystemCallError("prctl", "process")
            }
        }
        guard let held = cap_get_proc(), let wanted = cap_init() else {
            throw SystemCallError("cap_get_proc", "process")
        }
        defer {
            cap_free(UnsafeMutableRawPointer(held))
            cap_free(UnsafeMutableRawPointer(wanted))
        }
        var values = contained.filter { holds(held, Capability(name: "", value: $0)) }
        for flag in [CAP_PERMITTED, CAP_EFFECTIVE] {
            try systemCall("cap_set_flag", "process") {
                cap_set_flag(wanted, flag, CInt(values.count), &values, CAP_SET)
            }
        }
        try systemCall("cap_set_proc", "process") { cap_set_proc(wanted) }
    }

    /// Gives up every capability of the calling thread and those that it will start.
    ///
    /// - Throws: `SystemCallError` if the kernel refuses.
    public static func dropAll() throws(SystemCallError) {
        guard let none = cap_init() else { throw SystemCallError("cap_init", "process") }
        defer { cap_free(UnsafeMutableRawPointer(none)) }
        try systemCall("cap_set_proc", "process") { cap_set_proc(none) }
    }

    private static func holds(_ state: cap_t, _ capability: Capability) -> Bool {
        var value = CAP_CLEAR
        return cap_get_flag(state, capability.value, CAP_EFFECTIVE, &value) == 0 && value == CAP_SET
    }
}
