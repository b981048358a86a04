import Addresses
import YAML

/// The scalars of the format that are more than a number or a name.
extension NativeReader {
    /// `10.10.10.1/24`.
    mutating func interfaceAddress(_ value: YAMLValue) -> InterfaceAddress? {
        guard let text = text(value, "an address with its prefix length, such as 10.10.10.1/24") else { return nil }
        if let address = InterfaceAddress(text) { return address }
        if let bare = IPAddress(text) {
            report(
                value.mark,
                "\(text) has no prefix length; write \(text)/\(bare.family == .ipv4 ? 24 : 64) or another")
        } else {
            report(
                value.mark, "\"\(text)\" is not an address with its prefix length, such as 10.10.10.1/24 or fd00::1/64")
        }
        return nil
    }

    /// A list of `10.10.10.1/24`.
    mutating func interfaceAddresses(_ value: YAMLValue) -> [InterfaceAddress] {
        list(value, example: "[10.10.10.1/24, fd00::1/64]") { $0.interfaceAddress($1) }
    }

    /// `192.168.0.0/16`.
    mutating func prefix(_ value: YAMLValue) -> Prefix? {
        guard let text = text(value, "a prefix, such as 192.168.0.0/16") else { return nil }
        do { return try StaticRoute.prefix(text[...]) } catch {
            report(value.mark, error.sentence)
            return nil
        }
    }

    /// `10.10.10.10`.
    mutating func address(_ value: YAMLValue) -> IPAddress? {
        guard let text = text(value, "an address, such as 10.10.10.10") else { return nil }
        if let address = IPAddress(text) { return address }
        report(
            value.mark,
            "\"\(text)\" is not an address, such as 10.10.10.10 or fd00::10"
                + (InterfaceAddress(text) == nil ? "" : "; leave its prefix length out"))
        return nil
    }

    /// A list of static routes.
    mutating func routes(_ value: YAMLValue) -> [StaticRoute] {
        list(value, example: "[10.0.0.0/8 via 10.10.10.1]") { (reader, item) -> StaticRoute? in
            guard let text = reader.text(item, "a route, such as 10.0.0.0/8 via 10.10.10.1") else { return nil }
            do throws(StaticRoute.SyntaxError) { return try StaticRoute(parsing: text) } catch {
                reader.report(item.mark, error.sentence)
                return nil
            }
        }
    }

    /// A map of label keys and values.
    mutating func labels(_ value: YAMLValue) -> [String: String] {
        // An empty value is a label without one, as on control-plane nodes.
        texts(value, keys: "a label's name") { $2.value.isNull ? "" : $0.text($2.value, "a label's value") }
    }

    /// `ceos01:eth1`, or a network's name alone: then the endpoint's interface is empty.
    mutating func endpoint(_ value: YAMLValue) -> Endpoint? {
        guard let text = text(value, "the other end of the cable, such as ceos01:eth1") else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            report(value.mark, "\"\(text)\" is not an end of a cable; write DEVICE:INTERFACE, such as ceos01:eth1")
            return nil
        }
        return Endpoint(String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
    }

    /// `connect: ceos01:eth1`, or `connect: { to: ceos01:eth1, mtu: 9000, conditions: { delay: 20ms } }`.
    mutating func connect(_ value: YAMLValue, own: Endpoint) {
        var other: Endpoint?
        var mtu: UInt32?
        var conditions: CableConditions?
        var mark = value.mark
        if case .mapping = value.content {
            let fields = fields(value, ["to", "mtu", "conditions"])
            other = field(fields, "to") { $0.endpoint($1) }
            mtu = field(fields, "mtu") { $0.mtu($1) }
            conditions = field(fields, "conditions") { $0.conditions($1) }
            if let to = fields["to"] {
                mark = to.mark
            } else {
                report(value.mark, "a cable needs its other end: { to: ceos01:eth1 }")
            }
        } else {
            other = endpoint(value)
        }
        guard let other else { return }
        connections.append(
            Connection(
                own: own, other: other, mtu: mtu, conditions: conditions ?? CableConditions(), place: place(mark)))
    }

    /// An MTU in bytes, as far as any device could have it.
    mutating func mtu(_ value: YAMLValue) -> UInt32? {
        number(value, "an MTU in bytes", 68...65535)
    }
}
