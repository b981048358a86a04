import CLinux

/// A program that the kernel runs on every packet of a socket, and that says how much of it the socket gets (socket(7),
/// `SO_ATTACH_FILTER`; Documentation/networking/filter.rst).
public struct FilterProgram: Hashable, Sendable {
    /// One instruction, as `struct sock_filter` has it.
    public struct Instruction: Hashable, Sendable {
        public var code: UInt16
        /// How many instructions are skipped if a comparison holds, and if not.
        public var ifTrue, ifFalse: UInt8
        public var operand: UInt32

        public init(_ code: Int32, _ operand: UInt32, ifTrue: UInt8 = 0, ifFalse: UInt8 = 0) {
            self.code = UInt16(code)
            self.operand = operand
            (self.ifTrue, self.ifFalse) = (ifTrue, ifFalse)
        }

        /// Takes all of the packet, or nothing.
        static func end(taking count: UInt32) -> Instruction { Instruction(BPF_RET | BPF_K, count) }
        /// Loads what the kernel knows of the packet beside its bytes: `SKF_AD_*`.
        static func load(_ field: Int32) -> Instruction {
            Instruction(BPF_LD | BPF_W | BPF_ABS, UInt32(bitPattern: SKF_AD_OFF + field))
        }
        static func ifEqual(_ value: UInt32, skip ifTrue: UInt8, else ifFalse: UInt8 = 0) -> Instruction {
            Instruction(BPF_JMP | BPF_JEQ | BPF_K, value, ifTrue: ifTrue, ifFalse: ifFalse)
        }
        static func skip(_ count: Int) -> Instruction { Instruction(BPF_JMP | BPF_JA, UInt32(count)) }
    }

    public var instructions: [Instruction]

    /// More than this the kernel does not take (`BPF_MAXINSNS`).
    public static let longest = 4096
    /// The most of a packet that is captured, in bytes: all of it.
    static let wholePacket: UInt32 = 262_144

    /// Takes each packet of interfaces whose link type is known, once: what leaves by `lo` arrives there, too.
    ///
    /// - Parameters:
    ///   - interfaces: the numbers of the interfaces that are looked at; nil for all.
    ///   - filter: what a packet has to pass besides, for each link type; nil for nothing.
    public init(interfaces: [UInt32]? = nil, filter: CompiledFilter? = nil) {
        var program: [Instruction] = []
        /// Goes on at an instruction further on, by its place.
        func go(to place: Int) -> Instruction { .skip(place - program.count - 1) }
        if let interfaces {
            let further = 2 * interfaces.count + 2
            program.append(.load(SKF_AD_IFINDEX))
            for interface in interfaces {
                program.append(.ifEqual(interface, skip: 0, else: 1))
                program.append(go(to: further))
            }
            program.append(.end(taking: 0))
        }
        let whole = [Instruction.end(taking: Self.wholePacket)]
        let ethernet = filter?.ethernet.instructions ?? whole
        let raw = filter?.rawIP.instructions ?? whole
        let ethernetStart = program.count + 2 * Self.rawTypes.count + 8
        let rawStart = ethernetStart + ethernet.count
        program.append(.load(SKF_AD_HATYPE))
        for type in Self.rawTypes {
            program.append(.ifEqual(type, skip: 0, else: 1))
            program.append(go(to: rawStart))
        }
        program.append(.ifEqual(UInt32(ARPHRD_ETHER), skip: 0, else: 1))
        program.append(go(to: ethernetStart))
        program.append(.ifEqual(UInt32(ARPHRD_LOOPBACK), skip: 1))
        program.append(.end(taking: 0))
        program.append(.load(SKF_AD_PKTTYPE))
        program.append(.ifEqual(UInt32(PACKET_OUTGOING), skip: 0, else: 1))
        program.append(.end(taking: 0))
        program += ethernet + raw
        instructions = program
    }

    /// The hardware types whose frames begin with an IP header: of tunnels, and of devices without any link header.
    static let rawTypes: [UInt32] = [ARPHRD_TUNNEL, ARPHRD_TUNNEL6, ARPHRD_SIT, ARPHRD_IPGRE, ARPHRD_NONE].map {
        UInt32($0)
    }

    /// Takes the IP packets that carry one of these protocols directly behind their first header.
    ///
    /// - Parameter length: how many bytes stand before the IP header.
    init(protocols ipv4: [UInt32], _ ipv6: [UInt32], behind length: UInt32) {
        func load(_ place: UInt32) -> Instruction { Instruction(BPF_LD | BPF_B | BPF_ABS, length + place) }
        /// The packet is taken if the loaded byte is one of these.
        func choice(_ numbers: [UInt32]) -> [Instruction] {
            numbers.flatMap { [.ifEqual($0, skip: 0, else: 1), .end(taking: Self.wholePacket)] } + [.end(taking: 0)]
        }
        let four = [load(9)] + choice(ipv4)
        let six = [load(6)] + choice(ipv6)
        // What is no IP packet does not begin with such a version. Over the two that follow to IPv4, over IPv4 to IPv6.
        instructions = [
            load(0), Instruction(BPF_ALU | BPF_AND | BPF_K, 0xf0), .ifEqual(0x40, skip: 2),
            .ifEqual(0x60, skip: UInt8(four.count + 1)), .end(taking: 0),
        ]
        instructions += four + six
    }

    init(instructions: [Instruction]) { self.instructions = instructions }

    /// Runs `body` with the program as the kernel takes it.
    func withKernelForm<Value>(_ body: (inout [sock_filter]) -> Value) -> Value {
        var program = instructions.map {
            sock_filter(code: $0.code, jt: $0.ifTrue, jf: $0.ifFalse, k: $0.operand)
        }
        return body(&program)
    }
}
