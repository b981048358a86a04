internal import CLinux

extension NetlinkSocket {
    /// Sends all requests of a batch at once, for a part of the kernel that carries out all of them or none
    /// (`nfnetlink_rcv_batch`): the messages that begin and end it are among the requests. The batch keeps its requests, so that failures can be told by what they were.
    ///
    /// - Throws: `refused` with the requests that failed, of which there are as many as the socket had room for: then none was
    ///   carried out; `oversizedRequest` before anything is sent; `system` and `repliesLost` when it is not known whether they
    ///   were.
    public mutating func commit(_ batch: inout RequestBatch) throws(NetlinkError) {
        if let index = batch.oversizedRequest { throw .oversizedRequest(index: index) }
        let first = takeSequence(batch.count)
        guard
            let chunk = batch.prepareChunk(
                after: nil, firstSequence: first, byteLimit: .max, requestLimit: .max)
        else { return }
        try makeRoomToSend(chunk.bytes.count)
        try send(batch.writer, chunk.bytes)
        var reader = ReplyReader(.requests(count: batch.count), firstSequence: first, port: port)
        // Which message of a transaction is acknowledged differs between kernels; its failures are there once it was sent. Past
        // what the socket has room for they are left out, which says nothing of those before.
        var isAnyLost = false
        while true {
            do throws(NetlinkError) {
                guard let (length, sender) = try receiveDatagramIfAny() else { break }
                try reader.read(buffer[..<length], sender: sender) { _ in }
            } catch {
                guard case .repliesLost = error else { throw error }
                isAnyLost = true
            }
        }
        var failures = reader.failures
        for index in failures.indices {
            guard let offset = failures[index].attributeOffset, failures[index].attributeType == nil else { continue }
            failures[index].attributeType = batch.attributeType(
                ofRequest: failures[index].requestIndex, in: chunk, at: offset)
        }
        if !failures.isEmpty { throw .refused(failures) }
        if isAnyLost { throw .repliesLost }
    }
}
