import CLinux
import Glibc

/// System calls that the kernel refuses to a process and to all that it starts (seccomp(2)).
public struct SystemCallFilter {
    /// A call that is refused, always or with an argument alone.
    public struct Refusal: Sendable {
        /// Which argument is looked at, the first is 0: its low 32 bits.
        public enum Argument: Sendable {
            case any
            /// One that has any of these bits.
            case bits(Int, UInt32)
            /// One that is this number.
            case value(Int, UInt32)
        }

        let call: CInt
        let argument: Argument
        let errno: CInt

        /// - Parameters:
        ///   - call: its number, as in `SYS_mount`.
        ///   - errno: what the program is told.
        public init(_ call: CInt, _ argument: Argument = .any, errno: CInt = EPERM) {
            self.call = call
            self.argument = argument
            self.errno = errno
        }
    }

    private let refusals: [Refusal]
    private let asked: [CInt]

    /// A filter that refuses these calls, and all of other architectures: they have other numbers.
    ///
    /// - Parameter asked: calls that wait for what another process says, where one listens (``installListening()``).
    public init(_ refusals: [Refusal], asking asked: [CInt] = []) {
        self.refusals = refusals
        self.asked = asked
    }

    /// Has the filter hold for all threads of the process, for good.
    ///
    /// - Returns: whether it does; a kernel without filters has none, and one whose process may gain privileges by starting a
    ///   program (`PR_SET_NO_NEW_PRIVS`) takes it from root alone.
    public func install() -> Bool {
        let architecture = nslab_audit_architecture()
        guard architecture != 0 else { return false }
        var program = program(architecture)
        return program.withUnsafeMutableBufferPointer {
            var filter = sock_fprog(len: UInt16($0.count), filter: $0.baseAddress)
            return nslab_seccomp(&filter) == 0
        }
    }

    /// Has the filter hold for the calling thread and what it starts, for good.
    ///
    /// - Returns: what the calls are told on that wait for what another process says; nil where the kernel knows no such thing, or
    ///   somebody listens already. Then the filter does not hold.
    public func installListening() -> FileDescriptor? {
        let architecture = nslab_audit_architecture()
        guard architecture != 0 else { return nil }
        var program = program(architecture, asking: true)
        let listener = program.withUnsafeMutableBufferPointer {
            var filter = sock_fprog(len: UInt16($0.count), filter: $0.baseAddress)
            return nslab_seccomp_listening(&filter)
        }
        return listener < 0 ? nil : FileDescriptor(owning: listener)
    }

    private func program(_ architecture: UInt32, asking: Bool = false) -> [sock_filter] {
        func load(_ offset: UInt32) -> sock_filter { sock_filter(BPF_LD | BPF_W | BPF_ABS, offset) }
        func refuse(_ errno: CInt) -> sock_filter {
            sock_filter(BPF_RET | BPF_K, UInt32(SECCOMP_RET_ERRNO) | UInt32(errno))
        }
        // The number of the call is the first field of struct seccomp_data, the architecture the second.
        var program = [
            load(4), sock_filter(BPF_JMP | BPF_JEQ | BPF_K, architecture, then: 1), refuse(EPERM), load(0),
            // The same calls under other numbers, which x86-64 has for 32-bit pointers (__X32_SYSCALL_BIT).
            sock_filter(BPF_JMP | BPF_JGE | BPF_K, 0x4000_0000, otherwise: 1), refuse(EPERM),
        ]
        for refusal in refusals {
            let isCall = BPF_JMP | BPF_JEQ | BPF_K
            let number = UInt32(refusal.call)
            // The arguments are 64 bits each, from offset 16 on.
            switch refusal.argument {
            case .any: program += [sock_filter(isCall, number, otherwise: 1), refuse(refusal.errno)]
            case .bits(let index, let bits):
                program += [
                    sock_filter(isCall, number, otherwise: 4), load(16 + 8 * UInt32(index) + Self.lowHalf),
                    sock_filter(BPF_JMP | BPF_JSET | BPF_K, bits, otherwise: 1), refuse(refusal.errno), load(0),
                ]
            case .value(let index, let value):
                program += [
                    sock_filter(isCall, number, otherwise: 4), load(16 + 8 * UInt32(index) + Self.lowHalf),
                    sock_filter(isCall, value, otherwise: 1), refuse(refusal.errno), load(0),
                ]
            }
        }
        for call in asking ? asked : [] {
            program += [
                sock_filter(BPF_JMP | BPF_JEQ | BPF_K, UInt32(call), otherwise: 1),
                sock_filter(BPF_RET | BPF_K, UInt32(SECCOMP_RET_USER_NOTIF)),
            ]
        }
        return program + [sock_filter(BPF_RET | BPF_K, UInt32(SECCOMP_RET_ALLOW))]
    }

    /// Where the low half of a 64-bit number is.
    private static var lowHalf: UInt32 { 1.littleEndian == 1 ? 0 : 4 }
}

extension sock_filter {
    /// - Parameters:
    ///   - then: how many instructions a jump goes over if its condition holds.
    ///   - otherwise: if it does not.
    fileprivate init(_ code: CInt, _ operand: UInt32, then: UInt8 = 0, otherwise: UInt8 = 0) {
        self.init(code: UInt16(code), jt: then, jf: otherwise, k: operand)
    }
}
