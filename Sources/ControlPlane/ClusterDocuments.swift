import ClusterObjects
import YAML

/// What a lab's files say of its cluster beyond what a network means: objects as they were written, of whatever kind.
public struct ClusterDocuments: Hashable, Sendable {
    /// The objects, in the order of the files; of two with one name the later one counts (`kubectl apply`).
    public var objects: [JSON]
    /// Kubernetes' version, `v1.28.0`, as the image of the nodes says it; nil where none does.
    public var kubernetesVersion: String?

    public init(objects: [JSON] = [], kubernetesVersion: String? = nil) {
        self.objects = objects
        self.kubernetesVersion = kubernetesVersion
    }

    /// Reads a YAML stream. What cannot be read is left out: whoever made a topology of it has told what is wrong.
    public init(stream: [UInt8], kubernetesVersion: String?) {
        self.init(kubernetesVersion: kubernetesVersion)
        for document in YAMLDocument.documents(of: stream) {
            guard let tree = try? document.read() else { continue }
            take(JSON(tree.root))
        }
    }

    private mutating func take(_ object: JSON) {
        guard let kind = object["kind"].text else { return }
        guard kind == "List" || kind.hasSuffix("List") && kind.count > 4 else {
            guard !object["apiVersion"].isNull, object["metadata"]["name"].text != nil else { return }
            return objects.append(object)
        }
        for item in object["items"].items {
            var item = item
            // Those of a list of one kind need not say what they are.
            if kind != "List" { item.setDefault("kind", .string(String(kind.dropLast("List".count)))) }
            item.setDefault("apiVersion", object["apiVersion"])
            take(item)
        }
    }
}

extension JSON {
    /// A YAML value as Kubernetes' clients make JSON of it (sigs.k8s.io/yaml): the words of YAML 1.1, of two members of one name the
    /// later one.
    init(_ value: YAMLValue) {
        switch value.content {
        case .scalar(let text, isPlain: false): self = .string(text)
        case .scalar(let text, isPlain: true): self = value.isNull ? .null : JSON(plain: text)
        case .sequence(let items): self = .array(items.map(JSON.init))
        case .mapping(let entries):
            var members = Members()
            for entry in entries {
                // What is null is not set.
                if let name = entry.key.text { members[name] = entry.value.isNull ? nil : JSON(entry.value) }
            }
            self = .object(members)
        case .tagged: self = .null
        }
    }

    private init(plain text: String) {
        switch text {
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": self = true
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": self = false
        default: self = Self.numeral(text) ?? .string(text)
        }
    }

    private static func numeral(_ text: String) -> JSON? {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard let first = digits.utf8.first, (0x30...0x39).contains(first) || first == UInt8(ascii: ".") else {
            return nil
        }
        let sign = text.hasPrefix("-") ? "-" : ""
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            return Int(sign + digits.dropFirst(2), radix: radix).map(JSON.integer)
        }
        if digits.count > 1, digits.utf8.first == 0x30, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return Int(sign + digits.dropFirst(), radix: 8).map(JSON.integer)
        }
        if let whole = Int(sign + digits) { return .integer(whole) }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || [0x2b, 0x2d, 0x2e, 0x45, 0x65].contains($0) }),
            let number = Double(text), number.isFinite
        else { return nil }
        // As JSON writes it, whatever way YAML did.
        if number == number.rounded(), abs(number) < 1e15 { return .integer(Int(number)) }
        return .number("\(number)")
    }
}
