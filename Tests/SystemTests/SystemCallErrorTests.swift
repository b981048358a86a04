import Glibc
import System
import Testing

@Suite("Errors of system calls")
struct SystemCallErrorTests {
    @Test(
        "what a user can do is said where the error number tells",
        arguments: [
            (EPERM, "mount", "run it with sudo"), (EACCES, "open", "run it with sudo"), (EMFILE, "open", "ulimit -n"),
            (ENFILE, "open", "fs.file-max"), (ENOSPC, "unshare", "user.max_net_namespaces"),
            (ENOSPC, "write", "free some space"), (ENOMEM, "mount", "free some memory"),
            (EROFS, "mkdir", "mounted for writing"),
            (EINVAL, "open", nil),
        ] as [(CInt, String, String?)])
    func advice(code: CInt, call: String, word: String?) {
        let advice = SystemCallError(call, "x", errno: code).advice
        if let word { #expect(advice?.contains(word) == true) } else { #expect(advice == nil) }
    }
}
