/// The forms that names have in DNS and in Kubernetes' validation (k8s.io/apimachinery/pkg/util/validation).
package enum NameForm {
    /// A DNS label as Kubernetes reads it, in lower case (`IsDNS1123Label`): namespaces, host names, ports of services.
    case label
    /// A DNS label that begins with a letter (`IsDNS1035Label`): services.
    case serviceLabel
    /// Labels joined by dots (`IsDNS1123Subdomain`): pods and what makes them, nodes, pools. The whole is bounded, and not each
    /// label.
    case subdomain(limit: Int)

    /// What most of Kubernetes' names are.
    static let subdomain = Self.subdomain(limit: 253)

    package func matches(_ name: some StringProtocol) -> Bool {
        let bytes = Array(name.utf8)
        return switch self {
        case .label: Self.isLabel(bytes[...], limit: 63)
        case .serviceLabel: Self.isLabel(bytes[...], limit: 63) && !isDigit(bytes[0])
        case .subdomain(let limit):
            bytes.count <= limit
                && bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
                    .allSatisfy { Self.isLabel($0, limit: limit) }
        }
    }

    /// What is wrong with a name that has not this form, and what it might have been meant to be.
    ///
    /// - Parameter what: whose name it is, such as `a node's name`.
    package func complaint(_ name: String, _ what: String) -> String {
        let (form, first, length) =
            switch self {
            case .label: ("DNS label (RFC 1123)", "a letter or digit first and last", 63)
            case .serviceLabel: ("DNS label that begins with a letter (RFC 1035)", "a letter or digit last", 63)
            case .subdomain(let limit):
                ("DNS label, or several joined by dots (RFC 1123)", "a letter or digit first and last in each", limit)
            }
        let repaired = String(name.lowercased().map { $0 == "_" || $0 == " " ? "-" : $0 })
        return "\(what) is a \(form): lower-case letters, digits and hyphens, \(first), at most \(length) characters; "
            + "\"\(name)\" is not" + (matches(repaired) ? ", \"\(repaired)\" would be" : "")
    }

    private static func isLabel(_ bytes: ArraySlice<UInt8>, limit: Int) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= limit else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
}

func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }

/// The text with A to Z as small letters: `lowercased()` makes ASCII letters of other signs (the Kelvin sign).
func asciiLowercased(_ text: some StringProtocol) -> String {
    String(
        decoding: text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self
    )
}

/// A host name of at most 64 bytes (`__NEW_UTS_LEN` of the kernel), in letters of either case.
func isHostname(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
        && text.split(separator: ".", omittingEmptySubsequences: false)
            .allSatisfy { NameForm.label.matches(asciiLowercased($0)) }
}

/// A label's value that is not empty, or its name after the prefix (`IsValidLabelValue`, `IsQualifiedName`).
func isLabelWord(_ text: some StringProtocol) -> Bool {
    let bytes = Array(asciiLowercased(text).utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last)
        && bytes.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
}

/// A port's name as containers have it, and as services name it for their target (`IsValidPortName`: RFC 6335, 5.1).
func isPortName(_ name: String) -> Bool {
    NameForm.label.matches(name) && name.utf8.count <= 15 && !name.contains("--")
        && name.utf8.contains { !isDigit($0) && $0 != UInt8(ascii: "-") }
}
