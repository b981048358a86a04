import CLinux
import ClusterObjects
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NetworkNamespaces
import System

import struct System.FileDescriptor
import enum System.SocketAddress

/// The process that serves a lab's API, from its start to its end: it has no root, no capabilities and no files but those that it is
/// started with. What it serves comes from the process that started it, which knows the lab and hears no client.
public enum APIServerService {
    /// The descriptors that the process is started with.
    private enum Inherited {
        /// Where the objects come from.
        static let updates: CInt = 3
        /// The lock that says that the lab's processes live; open for as long as this one does.
        static let lock: CInt = 4
        static let log: CInt = 5
        /// The socket that clients connect to: it has been listening since before the process was started.
        static let listener: CInt = 6
        /// The file for clients' configuration.
        static let kubeconfig: CInt = 7
        /// The file for the keys; empty for a new lab.
        static let keys: CInt = 8
        /// Where it asks for what is to run in pods.
        static let requests: CInt = 9
        static let count: CInt = 7
    }

    /// The most memory that the process may write to, in bytes.
    private static let mostMemory = 512 << 20

    /// Becomes the process of a lab.
    public static func run(lab: String) -> Never {
        let log = BoundedLog(FileDescriptor(owning: Inherited.log))
        do {
            try BackgroundProcess.detach(named: "nslab-api", keeping: Inherited.count)
            signal(SIGTERM, SIG_DFL)
            let files = Confinement.limit(memory: mostMemory)
            let isNobody = try Confinement.dropPrivileges()
            // Its end is that of the process that started it, however that ends.
            _ = nslab_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL))
            let certificates = try keys()
            let address = try ownAddress()
            let kubeconfig = Kubeconfig(lab: lab, server: "https://\(address)", certificates: certificates)
            try replace(FileDescriptor(owning: Inherited.kubeconfig), with: kubeconfig.text, "kubeconfig")
            let updates = try serve(certificates.context(), address, files, log)
            let isFiltered = Confinement.filterSystemCalls()
            log.write(
                "API of lab \(lab) on \(address)" + (isNobody ? "" : ", as root without capabilities")
                    + (isFiltered ? "" : ", without a filter of system calls"))
            try updates.closeFuture.wait()
            _exit(0)
        } catch {
            log.write("API of lab \(lab): \(error)")
            _exit(1)
        }
    }

    /// The lab's keys, which are made where there are none yet.
    private static func keys() throws -> LabCertificates {
        let file = FileDescriptor(owning: Inherited.keys)
        let kept = try file.readAll("keys", limit: 64 << 10)
        if let certificates = LabCertificates(String(decoding: kept, as: UTF8.self)) { return certificates }
        let certificates = try LabCertificates()
        try replace(file, with: certificates.text, "keys")
        return certificates
    }

    private static func replace(
        _ file: borrowing FileDescriptor, with text: String, _ name: String
    ) throws(SystemCallError) {
        try systemCall("ftruncate", name) { ftruncate(file.number, 0) }
        lseek(file.number, 0, SEEK_SET)
        try file.write(Array(text.utf8), name)
    }

    /// `127.0.0.1:PORT`, of the socket that clients connect to.
    private static func ownAddress() throws(SystemCallError) -> String {
        let address = try SocketAddress(of: Inherited.listener, "listening socket")
        return "127.0.0.1:\(address.port)"
    }

    /// Serves clients on the one event loop.
    ///
    /// - Returns: where the objects come from; its end is the process's.
    private static func serve(
        _ tls: NIOSSLContext, _ address: String, _ files: Int, _ log: BoundedLog
    ) throws -> any Channel {
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let channel = RequestChannel(owning: Inherited.requests)
        let server = NIOLoopBoundBox<APIServer>.makeBoxSendingValue(
            APIServer(address: address, PodDesk(channel), files: files, on: loop), eventLoop: loop)
        let answers = try Background {
            channel.receive { answer, descriptors in
                loop.execute { server.value.desk.take(answer, descriptors) }
            }
            // Those who wait for an answer would wait for ever. Another process serves them in a moment.
            log.write("the channel for what is done in pods has ended, or its last message makes no sense")
            _exit(1)
        }
        // It goes on for as long as the process does.
        _ = Unmanaged.passRetained(answers)
        let updates = try ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(UpdateReader(server.value))
                }
            }
            .withConnectedSocket(Inherited.updates).wait()
        _ = try ServerBootstrap(group: loop)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: tls))
                    let connection = APIConnection(server.value)
                    try pipeline.configureHTTPServerPipeline(
                        withServerUpgrade: connection.upgrades(on: loop), withErrorHandling: false,
                        withEncoderConfiguration: .init(), withDecoderLimitConfiguration: APIConnection.headLimits)
                    try pipeline.addHandler(connection)
                }
            }
            .withBoundSocket(Inherited.listener).wait()
        return updates
    }
}
