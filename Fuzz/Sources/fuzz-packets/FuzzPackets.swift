import Packets

/// What libFuzzer calls with each input: reads it as a frame of each link type, whole and as the beginning of a longer one, and
/// says it in words. What was read is within the frame, and a frame of the same bytes is read the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPackets(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    for linkType in [LinkType.ethernet, .rawIP] {
        for length in [count, count + 1000] {
            let packet = Packet(reading: bytes.span, length: length, as: linkType, vxlanPorts: [4789, 0, 53])
            precondition(packet.payload.lowerBound >= 0 && packet.payload.upperBound <= count)
            precondition(packet.payloadLength >= packet.payload.count || packet.fault != nil)
            precondition(packet.headers.count <= 40)
            precondition(!packet.headers.isEmpty || packet.fault != nil, "neither a header nor a fault")
            precondition(!"\(packet)".isEmpty)
        }
    }
    return 0
}
