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

    @Test(
        "a datagram comes with its sender and with what the kernel adds; one that is longer than the memory is cut off")
    func datagrams() throws {
        let localhost = IPv4Address("127.0.0.1")!
        func bind(_ socket: borrowing FileDescriptor) throws -> SocketAddress {
            try socket.bind(.v4(localhost, port: 0), "test")
            var (storage, size) = (sockaddr_storage(), socklen_t(MemoryLayout<sockaddr_storage>.size))
            let number = socket.number
            let result = withUnsafeMutableBytes(of: &storage) {
                getsockname(number, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, &size)
            }
            try #require(result == 0)
            return try #require(SocketAddress(storage))
        }
        let server = try FileDescriptor(socket: AF_INET, SOCK_DGRAM, isBlocking: false, "test")
        let client = try FileDescriptor(socket: AF_INET, SOCK_DGRAM, isBlocking: false, "test")
        let (address, sender) = (try bind(server), try bind(client))
        try server.set(CInt(IPPROTO_IP), IP_PKTINFO, CInt(1), "test")
        var buffer = MessageBuffer(size: 4, ancillary: MemoryLayout<in_pktinfo>.size)
        #expect(throws: SystemCallError("recvmsg", "test", errno: EAGAIN)) { try server.receive(&buffer, "test") }
        for (bytes, isTruncated) in [([1, 2, 3], false), ([1, 2, 3, 4, 5], true), ([], false)] as [([UInt8], Bool)] {
            try client.send(bytes.span, to: address, "test")
            let count = try server.receive(&buffer, "test")
            #expect(buffer.bytes.prefix(count) == bytes.prefix(4) && buffer.isTruncated == isTruncated)
            #expect(buffer.sender == sender)
            let asked = buffer.item(CInt(IPPROTO_IP), IP_PKTINFO, as: in_pktinfo.self)
            #expect(asked?.ipi_addr.s_addr == localhost.value.bigEndian)
            #expect(buffer.item(CInt(IPPROTO_IP), IP_TTL, as: CInt.self) == nil)
        }
    }

    @Test("descriptors go over a UNIX socket, and those that are not taken are closed; of too many none is lost")
    func descriptors() throws {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        let near = FileDescriptor(owning: ends[0])
        let far = FileDescriptor(owning: ends[1])
        #expect(near.peerUser == geteuid())
        let pipe = try Pipe("test")
        var buffer = MessageBuffer(size: 16, ancillary: 2 * MemoryLayout<CInt>.size)
        let sent: [UInt8] = [7]
        try near.send(sent.span, with: AncillaryItem(descriptors: [pipe.reading.number, pipe.writing.number]), "test")
        #expect(try far.receive(&buffer, "test") == 1 && !buffer.isTruncated)
        var received = buffer.takeDescriptors()
        #expect(received.count == 2)
        let numbers = [received.next()?.release() ?? -1, received.next()?.release() ?? -1]
        #expect(received.count == 0)
        let reading = FileDescriptor(owning: numbers[0])
        #expect(fcntl(reading.number, F_GETFD) & FD_CLOEXEC != 0)
        _ = pipe.takeReading()
        close(numbers[1])
        #expect(try reading.readAll("pipe", limit: 1) == [])

        let other = try Pipe("test")
        let copies = AncillaryItem(descriptors: [CInt](repeating: other.writing.number, count: 5))
        try near.send(sent.span, with: copies, "test")
        _ = try far.receive(&buffer, "test")
        #expect(buffer.isTruncated)
        do { _ = buffer.takeDescriptors().count }
        let end = other.takeReading()
        var waiting = pollfd(fd: end.number, events: Int16(POLLIN), revents: 0)
        #expect(poll(&waiting, 1, 5000) == 1 && waiting.revents & Int16(POLLHUP) != 0)
    }

    @Test("a record lock says who holds it, and goes with its process")
    func recordLock() throws {
        let path = "/tmp/nslabtest-lock-\(getpid())"
        defer { unlink(path) }
        let file = try FileDescriptor(opening: path, O_RDWR | O_CREAT, mode: 0o600)
        #expect(file.lockHolder == nil)
        let program =
            "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX); print(1, end='', flush=True); input()"
        var spawn = Spawn(["python3", "-c", program, path])
        let input = try Pipe("test")
        let output = try Pipe("test")
        spawn.standardInput = .descriptor(input.reading.number)
        spawn.standardOutput = .descriptor(output.writing.number)
        let child = try spawn.start()
        #expect(try output.reading.read("pipe", atMost: 1) == Array("1".utf8))
        #expect(file.lockHolder == child.pid)
        let isTaken = try FileDescriptor(opening: path, O_RDWR).lockForLife()
        #expect(!isTaken)
        child.send(SIGKILL)
        try child.wait()
        #expect(file.lockHolder == nil)
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
