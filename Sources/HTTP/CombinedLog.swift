/// A request in a server's log: the combined log format, as nginx writes it (ngx_http_log_module).
public struct CombinedLog: Hashable, Sendable {
    /// Who asked; nil for one that is gone.
    public var client: PodPage.Client?
    /// When, as `10/Oct/2000:13:55:36 +0000`.
    public var time: String
    /// Method, target and version; nil for what could not be read.
    public var request: String?
    public var status: Int
    /// The length of the answer's body in bytes.
    public var length: Int
    public var referrer: String?
    public var userAgent: String?

    public init(
        client: PodPage.Client?, time: String, request: String?, status: Int, length: Int, referrer: String? = nil,
        userAgent: String? = nil
    ) {
        self.client = client
        self.time = time
        self.request = request
        self.status = status
        self.length = length
        self.referrer = referrer
        self.userAgent = userAgent
    }

    /// The line, without its end: printable ASCII.
    public var text: String {
        let client = client?.address.description ?? "-"
        return "\(client) - - [\(time)] \"\(Self.escaped(request, atMost: 512))\" \(status) \(length) "
            + "\"\(Self.escaped(referrer, atMost: 256))\" \"\(Self.escaped(userAgent, atMost: 256))\""
    }

    /// What a client has sent, with all but printable ASCII as `\xHH`; no longer than a line may be.
    private static func escaped(_ text: String?, atMost limit: Int) -> String {
        // nginx has no request line at all for one that cannot be read.
        guard let text, !text.isEmpty else { return text == nil ? "-" : "" }
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            if escaped.count >= limit {
                escaped += "...".utf8
                break
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0...0x1f, 0x7f...0xff:
                let hex = String(byte, radix: 16, uppercase: true)
                escaped += "\\x\(hex.utf8.count < 2 ? "0" : "")\(hex)".utf8
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
