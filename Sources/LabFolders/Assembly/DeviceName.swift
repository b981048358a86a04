/// Names of devices: containerlab takes more than a namespace's name may have.
enum DeviceName {
    /// A DNS label that stands for a name: itself where it is one.
    static func label(_ name: String) -> String {
        var bytes: [UInt8] = []
        for byte in name.lowercased().utf8.prefix(63) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): bytes.append(byte)
            default: if !bytes.isEmpty { bytes.append(UInt8(ascii: "-")) }
            }
        }
        while bytes.last == UInt8(ascii: "-") { bytes.removeLast() }
        return bytes.isEmpty ? "lab" : String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a text is a host name: labels with dots between, at most 64 bytes.
    static func isHostname(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && label(String($0)) == $0.lowercased()
            }
    }
}
