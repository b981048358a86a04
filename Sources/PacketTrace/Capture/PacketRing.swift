import CLinux
import Glibc
import System

/// Memory that the kernel puts a socket's packets into, shared with the program: a ring of blocks, each with as many packets as
/// there is room for (packet_mmap, `TPACKET_V3`). A block is the program's once it is full or its time is over.
///
/// A class, because the memory is one and goes with its last owner. It is used by one thread at a time.
final class PacketRing: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    private let shape: Shape
    private let blockCount: Int
    /// The block that is the program's next.
    private var next = 0

    /// How a ring is divided.
    struct Shape: Hashable, Sendable {
        /// The size of a block in bytes: a multiple of every page size. What does not fit into one is cut off.
        var blockSize: Int
        /// How long a packet may wait in a block that is not full, in milliseconds. The kernel looks once in that time.
        var retireTime: UInt32

        /// For captures: room for a packet of 64 KiB, which segmentation offload makes.
        static let capture = Shape(blockSize: 1 << 17, retireTime: 25)

        /// The least that a ring has: while the program reads one block, the kernel fills the other.
        var smallestSize: Int { 2 * blockSize }
    }

    /// Gives a socket, which receives nothing yet, a ring.
    ///
    /// - Parameter size: its size in bytes, at least the shape's `smallestSize`.
    init(_ socket: borrowing FileDescriptor, size: Int, _ shape: Shape, _ object: String) throws(SystemCallError) {
        self.shape = shape
        blockCount = max(2, size / shape.blockSize)
        try socket.set(SOL_PACKET, PACKET_VERSION, CInt(TPACKET_V3.rawValue), object)
        var request = tpacket_req3()
        request.tp_block_size = UInt32(shape.blockSize)
        request.tp_block_nr = UInt32(blockCount)
        request.tp_frame_size = 2048
        request.tp_frame_nr = UInt32(blockCount * shape.blockSize / 2048)
        request.tp_retire_blk_tov = shape.retireTime
        try socket.set(SOL_PACKET, PACKET_RX_RING, request, object)
        let mapped = mmap(
            nil, blockCount * shape.blockSize, PROT_READ | PROT_WRITE, MAP_SHARED, socket.number, 0)
        guard let mapped, mapped != MAP_FAILED else { throw SystemCallError("mmap", object) }
        memory = mapped
    }

    deinit { munmap(memory, blockCount * shape.blockSize) }

    /// A packet as the kernel laid it out.
    struct Entry {
        let header: UnsafePointer<tpacket3_hdr>
        let address: sockaddr_ll
        let bytes: UnsafeRawBufferPointer
    }

    /// Gives each packet of the blocks that are the program's to `body`, and the blocks back to the kernel.
    func drain(_ body: (Entry) -> Void) {
        while true {
            let block = memory + next * shape.blockSize
            let description = block.assumingMemoryBound(to: tpacket_block_desc.self)
            guard nslab_block_status(description) & UInt32(TP_STATUS_USER) != 0 else { return }
            var offset = Int(description.pointee.hdr.bh1.offset_to_first_pkt)
            for _ in 0..<description.pointee.hdr.bh1.num_pkts {
                let header = UnsafePointer((block + offset).assumingMemoryBound(to: tpacket3_hdr.self))
                let start = UnsafeRawPointer(header)
                body(
                    Entry(
                        header: header, address: (start + NSLAB_TPACKET3_ADDRESS).loadUnaligned(as: sockaddr_ll.self),
                        bytes: UnsafeRawBufferPointer(
                            start: start + Int(header.pointee.tp_mac), count: Int(header.pointee.tp_snaplen))))
                offset += Int(header.pointee.tp_next_offset)
            }
            nslab_release_block(description)
            next = (next + 1) % blockCount
        }
    }
}
