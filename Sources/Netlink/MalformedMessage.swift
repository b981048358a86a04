/// Bytes that are not what they should be: a message or attribute that does not fit where it is, or a value that
/// does not have its type's size. The kernel sends none; a reader that trusts it would still be one bug from a crash.
public enum MalformedMessage: Error, Hashable, Sendable {
    /// A message header that is cut off, or says a length that the datagram does not have.
    case message(length: Int, available: Int)
    /// The structure before the attributes is cut off.
    case header(needed: Int, available: Int)
    /// An attribute header that is cut off, or says a length that its surroundings do not have.
    case attribute(length: Int, available: Int)
    /// An attribute's value that does not have the size of its type.
    case value(attribute: Int, length: Int)
    /// An attribute without which the object means nothing.
    case missing(attribute: Int)
}

extension MalformedMessage: CustomStringConvertible {
    public var description: String {
        switch self {
        case .message(let length, let available):
            "a netlink message of \(length) bytes where \(available) are left"
        case .header(let needed, let available):
            "a netlink message with \(available) bytes where its header has \(needed)"
        case .attribute(let length, let available):
            "a netlink attribute of \(length) bytes where \(available) are left"
        case .value(let attribute, let length):
            "the netlink attribute \(attribute) has a value of \(length) bytes"
        case .missing(let attribute):
            "a netlink message without the attribute \(attribute)"
        }
    }
}
