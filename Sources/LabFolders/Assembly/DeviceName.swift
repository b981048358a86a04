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

    /// Whether a text is a name for an interface: what people and containerlab call one, and no more of what the kernel
    /// would take.
    static func isInterface(_ text: String) -> Bool {
        (1...15).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// Whether a text is a host name: labels with dots between, at most 64 bytes.
    static func isHostname(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && label(String($0)) == $0.lowercased()
            }
    }

    /// A name that begins with this one and that no device has.
    static func unused(_ name: String, _ taken: [String: some Any]) -> String {
        var unused = label(name), number = 2
        while taken[unused] != nil { (unused, number) = (label("\(name.prefix(55))-\(number)"), number + 1) }
        return unused
    }
}
