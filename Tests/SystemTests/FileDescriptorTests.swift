import Glibc
import System
import Testing

@Suite("File descriptors")
struct FileDescriptorTests {
    @Test("a descriptor is closed when its owner lets go, and not when it was given away")
    func descriptors() throws {
        func isOpen(_ number: CInt) -> Bool { fcntl(number, F_GETFD) >= 0 }
        let number: CInt
        do {
            let file = try FileDescriptor(opening: "/dev/null", O_RDONLY)
            number = file.number
            #expect(isOpen(number))
            #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
        }
        let given = try FileDescriptor(opening: "/dev/null", O_RDONLY).release()
        #expect(isOpen(given))
        close(given)
    }

    @Test("a file that is longer than allowed is refused and not read to its end")
    func limit() throws {
        let file = try FileDescriptor(opening: "/dev/zero", O_RDONLY)
        #expect(throws: SystemCallError("read", "zeros", errno: EFBIG)) {
            _ = try file.readAll("zeros", limit: 100_000)
        }
    }
}
