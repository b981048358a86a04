import Addresses
import CLinux
import Glibc
import System
import Testing

@Suite("Sockets, their addresses, and waiting for them")
struct SocketTests {
    @Test(
        "an address is read back as the kernel was told it",
        arguments: [
            .v4(IPv4Address("127.0.0.1")!, port: 4711), .v6(IPv6Address("fe80::1")!, port: 53, scope: 7),
            .v6(IPv6Address("2001:db8::1")!, port: 0),
        ] as [SocketAddress])
    func roundTrip(address: SocketAddress) {
        var storage = sockaddr_storage()
        address.withPointer { pointer, size in
            withUnsafeMutableBytes(of: &storage) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: Int(size)))
            }
        }
        #expect(SocketAddress(storage) == address)
    }

    @Test("a path that is longer than a socket's may be is refused and not cut off")
    func longPath() throws {
        let path = "/tmp/" + String(repeating: "n", count: 200)
        let socket = try FileDescriptor(socket: AF_UNIX, SOCK_STREAM, "test")
        #expect(throws: SystemCallError("bind", path, errno: ENAMETOOLONG)) { try socket.bind(.path(path), "test") }
    }

    @Test("a poller tells which descriptors are ready, by their numbers, and forgets those that are closed")
    func poller() throws {
        let poller = try Poller()
        var events = Poller.Events()
        let first = try Pipe("test")
        let second = try Pipe("test")
        try poller.add(first.reading, number: 1, .receiving)
        try poller.add(second.reading, number: 2, .receiving)
        poller.wait(milliseconds: 0, &events)
        #expect(Array(events.numbers) == [])
        try second.writing.write([1], "pipe")
        poller.wait(milliseconds: 1000, &events)
        #expect(Array(events.numbers) == [2])
        try poller.add(first.writing, number: 3, .sending)
        poller.wait(until: MonotonicClock.now + 1_000_000_000, now: MonotonicClock.now, &events)
        #expect(Set(events.numbers) == [2, 3])
        _ = second.takeWriting()
        poller.wait(milliseconds: 0, &events)
        #expect(Array(events.numbers) == [3])
    }

    @Test("a file is replaced as a whole: not through a link, and with the old content where the new one does not fit")
    func replacing() throws {
        let folder = "/tmp/nslabtest-replace-\(getpid())"
        _ = try Directory.make(folder)
        defer {
            for name in Directory.names(folder) { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        let path = "\(folder)/file"
        try #require(symlink("\(folder)/elsewhere", "\(path).new") == 0)
        let file = try FileDescriptor.replace(path, with: [1, 2], mode: 0o640)
        #expect(try file.readAll(path, limit: 10) == [1, 2])
        #expect(Directory.names(folder) == ["file"])
        try FileDescriptor.replace(path, with: [3], mode: 0o640)
        #expect(try FileDescriptor(opening: path, O_RDONLY).readAll(path, limit: 10) == [3])
        let error = #expect(throws: SystemCallError.self) {
            try FileDescriptor.replace("\(folder)/none/file", with: [], mode: 0o600)
        }
        #expect(error?.isNoSuchFile == true)
    }
}
