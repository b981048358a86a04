import CLinux
import Glibc
import NetworkNamespaces

/// A filter in the language of pcap-filter(7), compiled for each link type.
public struct CompiledFilter: Hashable, Sendable {
    /// As it was written.
    public let text: String
    let ethernet: FilterProgram
    let rawIP: FilterProgram

    /// A filter that was not written in that language.
    init(text: String, ethernet: FilterProgram, rawIP: FilterProgram) {
        (self.text, self.ethernet, self.rawIP) = (text, ethernet, rawIP)
    }

    /// Has libpcap compile a filter, with a handle on the namespace's `lo` that is closed again: for such a one it knows that the
    /// kernel keeps VLAN tags beside the packet.
    ///
    /// The library is looked for now and not when the program starts: on Debian it brings D-Bus and systemd's library along, which
    /// every other command would pay for.
    ///
    /// - Throws: `FilterError`.
    public init(_ text: String, in inside: borrowing InsideNamespace) throws(FilterError) {
        let library = try PcapLibrary()
        self.text = text
        ethernet = try library.compile(text, library.openLive("lo"))
        do {
            rawIP = try library.compile(text, library.openDead(Self.rawIPNumber, CInt(FilterProgram.wholePacket)))
        } catch {
            // It asks for something that packets without a link header do not have: none of them passes.
            rawIP = FilterProgram(instructions: [.end(taking: 0)])
        }
    }

    /// libpcap's own number for raw IP (`DLT_RAW`), which is not that of files.
    private static let rawIPNumber: CInt = 12
}

/// Why a filter could not be compiled.
public enum FilterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// libpcap is not on this machine.
    case noLibrary
    /// libpcap could not make what it compiles with.
    case noHandle
    /// The filter is none, in libpcap's words.
    case notAFilter(String, reason: String)

    public var description: String {
        switch self {
        case .noLibrary:
            "a filter is compiled by libpcap, which is not here; install it (Debian: apt-get install libpcap0.8), or "
                + "capture without a filter"
        case .noHandle: "libpcap could not open lo to compile the filter; free some memory, or capture without a filter"
        case .notAFilter(let text, let reason): "filter “\(text)”: \(reason); pcap-filter(7) has the language"
        }
    }
}

/// The functions of libpcap that compile a filter.
private struct PcapLibrary {
    private typealias Create = @convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<CChar>) -> OpaquePointer?
    private typealias Activate = @convention(c) (OpaquePointer) -> CInt
    typealias OpenDead = @convention(c) (CInt, CInt) -> OpaquePointer?
    private typealias Compile =
        @convention(c) (OpaquePointer, UnsafeMutablePointer<nslab_bpf_program>, UnsafePointer<CChar>, CInt, UInt32) ->
        CInt
    private typealias ErrorText = @convention(c) (OpaquePointer) -> UnsafePointer<CChar>?
    private typealias FreeCode = @convention(c) (UnsafeMutablePointer<nslab_bpf_program>) -> Void
    private typealias Close = @convention(c) (OpaquePointer) -> Void

    private let create: Create
    private let activate: Activate
    let openDead: OpenDead
    private let compile: Compile
    private let errorText: ErrorText
    private let freeCode: FreeCode
    private let close: Close

    /// Debian's name for it, and everybody else's.
    private static let names = ["libpcap.so.0.8", "libpcap.so.1"]

    init() throws(FilterError) {
        guard let library = Self.names.lazy.compactMap({ dlopen($0, RTLD_NOW) }).first,
            let create = dlsym(library, "pcap_create"), let activate = dlsym(library, "pcap_activate"),
            let openDead = dlsym(library, "pcap_open_dead"), let compile = dlsym(library, "pcap_compile"),
            let errorText = dlsym(library, "pcap_geterr"), let freeCode = dlsym(library, "pcap_freecode"),
            let close = dlsym(library, "pcap_close")
        else { throw .noLibrary }
        self.create = unsafeBitCast(create, to: Create.self)
        self.activate = unsafeBitCast(activate, to: Activate.self)
        self.openDead = unsafeBitCast(openDead, to: OpenDead.self)
        self.compile = unsafeBitCast(compile, to: Compile.self)
        self.errorText = unsafeBitCast(errorText, to: ErrorText.self)
        self.freeCode = unsafeBitCast(freeCode, to: FreeCode.self)
        self.close = unsafeBitCast(close, to: Close.self)
    }

    /// A handle on an interface of the calling thread's namespace.
    func openLive(_ interface: String) -> OpaquePointer? {
        var reason = [CChar](repeating: 0, count: 256)
        guard let handle = create(interface, &reason) else { return nil }
        if activate(handle) >= 0 { return handle }
        close(handle)
        return nil
    }

    /// Compiles with a handle, and closes it.
    func compile(_ text: String, _ handle: OpaquePointer?) throws(FilterError) -> FilterProgram {
        guard let handle else { throw .noHandle }
        defer { close(handle) }
        var program = nslab_bpf_program()
        // The netmask is that of no network: only `ip broadcast` asks for it.
        guard compile(handle, &program, text, 1, UInt32.max) == 0 else {
            let reason = errorText(handle).map { String(cString: $0) } ?? "libpcap does not take it"
            throw .notAFilter(text, reason: reason)
        }
        defer { freeCode(&program) }
        let instructions = UnsafeBufferPointer(start: program.instructions, count: Int(program.length))
        return FilterProgram(
            instructions: instructions.map {
                FilterProgram.Instruction(Int32($0.code), $0.k, ifTrue: $0.jt, ifFalse: $0.jf)
            })
    }
}
