import CLinux
import CNftables
import Glibc
import NetworkNamespaces
import Synchronization
import System

/// nft(8) as a library: rule sets are read from text and committed as one transaction.
public enum Nftables {
    /// libnftables keeps interface and symbol tables for the whole process, so one thread at a time uses it.
    private static let lock = Mutex(())

    /// Runs commands in nft's language in a network namespace: all of them take effect, or none.
    ///
    /// - Throws: `NftablesError` with what nft says of the commands, or the kernel of the transaction.
    public static func run(_ commands: String, in inside: borrowing InsideNamespace) throws(NftablesError) {
        _ = try execute(commands, flags: 0)
    }

    /// What nft prints for commands that list something.
    ///
    /// - Parameters:
    ///   - json: as libnftables-json(5) defines it instead of nft's own language.
    ///   - handles: with the numbers of rules (`nft -a`).
    public static func output(
        of commands: String, json: Bool = false, handles: Bool = false, in inside: borrowing InsideNamespace
    ) throws(NftablesError) -> String {
        try execute(
            commands, flags: UInt32(json ? NFT_CTX_OUTPUT_JSON : 0) | UInt32(handles ? NFT_CTX_OUTPUT_HANDLE : 0))
    }

    private static func execute(_ commands: String, flags: UInt32) throws(NftablesError) -> String {
        if try !isCrowded { return try executeHere(commands, flags: flags) }
        do {
            // Started in the namespace of the thread that starts it.
            return try Background {
                guard nslab_close_own_range(3) == 0 else { throw SystemCallError("close_range", "libnftables") }
                return try executeHere(commands, flags: flags)
            }.value()
        } catch let error as NftablesError {
            throw error
        } catch {
            throw NftablesError(message: "\(error)")
        }
    }

    /// Whether the process has so many descriptors that the next one is near the 1024th or past it. libnftables waits with
    /// select(2), which takes none past that: it would end the process.
    private static var isCrowded: Bool {
        get throws(NftablesError) {
            let next = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard next >= 0 else { throw NftablesError(message: "\(SystemCallError("open", "/dev/null"))") }
            close(next)
            return next >= 512
        }
    }

    private static func executeHere(_ commands: String, flags: UInt32) throws(NftablesError) -> String {
        let result: Result<String, NftablesError> = lock.withLock { _ in
            // The context opens its netlink socket in the namespace that the thread is in now.
            guard let context = nft_ctx_new(UInt32(NFT_CTX_DEFAULT)) else {
                return .failure(NftablesError(message: "libnftables could not be started"))
            }
            defer { nft_ctx_free(context) }
            nft_ctx_buffer_output(context)
            nft_ctx_buffer_error(context)
            if flags != 0 { nft_ctx_output_set_flags(context, flags) }
            guard nft_run_cmd_from_buffer(context, commands) == 0 else {
                return .failure(NftablesError(message: String(cString: nft_ctx_get_error_buffer(context))))
            }
            return .success(String(cString: nft_ctx_get_output_buffer(context)))
        }
        return try result.get()
    }
}

/// Commands that nft or the kernel refused.
public struct NftablesError: Error, Hashable, Sendable, CustomStringConvertible {
    /// nft's own words, with the place in the commands.
    public let message: String

    public var description: String { message }
}
