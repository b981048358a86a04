/// What a request's target names: a path and the parameters after it (RFC 3986).
public struct RequestTarget: Hashable, Sendable {
    /// The path's parts, decoded.
    public let path: [String]
    /// The parameters, decoded, in order.
    public let parameters: [Parameter]

    public struct Parameter: Hashable, Sendable {
        public let name: String
        public let value: String
    }

    /// The longest target that is read, in bytes.
    public static let longest = 8192

    /// Nil for a target that is too long, is not decoded to UTF-8, or has a part `..`.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.longest, text.utf8.first == UInt8(ascii: "/") else { return nil }
        let bytes = Array(text.utf8)
        let question = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
        var path: [String] = []
        for part in bytes[..<question].split(separator: UInt8(ascii: "/")) {
            guard let part = Self.decoded(part, isQuery: false), part != "..", part != "." else { return nil }
            path.append(part)
        }
        var parameters: [Parameter] = []
        for pair in bytes[min(question + 1, bytes.count)...].split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = Self.decoded(pair[..<equals], isQuery: true),
                let value = Self.decoded(pair[equals...].dropFirst(), isQuery: true)
            else { return nil }
            parameters.append(Parameter(name: name, value: value))
        }
        (self.path, self.parameters) = (path, parameters)
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>, isQuery: Bool) -> String? {
        var (decoded, index) = ([UInt8](), bytes.startIndex)
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex, bytes[index + 1] != UInt8(ascii: "+"),
                    let byte = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
                else { return nil }
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(isQuery && bytes[index] == UInt8(ascii: "+") ? 0x20 : bytes[index])
                index += 1
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// The first value of a parameter; nil if it is not there.
    public subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// The values of a parameter that may be given several times.
    public func all(_ name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }

    /// Whether a parameter says yes (`strconv.ParseBool`; also `watch` alone).
    public func isTrue(_ name: String) -> Bool {
        self[name].map { ["", "1", "t", "T", "true", "TRUE", "True"].contains($0) } ?? false
    }
}
