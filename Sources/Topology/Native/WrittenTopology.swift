/// A topology with its text in the native format.
///
/// Of a topology that is read and one that it becomes most lines are the same ones: those of services, of which there may be
/// thousands, are read once.
public struct WrittenTopology: Sendable {
    public let topology: Topology
    /// `Topology.yaml`
    public let text: [UInt8]

    public init(_ topology: Topology) {
        self.topology = topology
        text = Array(topology.yaml.utf8)
    }

    /// Reads a text that `Topology.yaml` made of another topology.
    ///
    /// - Throws: as `Topology.read(_:file:)`; the lines in errors are those of a text without what both have.
    public func read(_ other: [UInt8], file: String) throws(TopologyErrors) -> Topology {
        guard let own = Lines(text), own.services.count == topology.services.count, let lines = Lines(other) else {
            return try Topology.read(other, file: file)
        }
        let known = Dictionary(zip(own.services, topology.services), uniquingKeysWith: { first, _ in first })
        let new = lines.services.filter { known[$0] == nil }
        var rest = try Topology.read(Array(lines.head + new.joined()), file: file)
        guard rest.services.count == new.count else { return try Topology.read(other, file: file) }
        var unknown = rest.services.makeIterator()
        rest.services = lines.services.compactMap { known[$0] ?? unknown.next() }
        return rest
    }

    /// The text of a topology, whose services come last and have a line each.
    private struct Lines {
        /// What comes before the first service, the key of all services among it.
        var head: ArraySlice<UInt8>
        var services: [ArraySlice<UInt8>]

        /// Nil for a text without services, or in another form.
        init?(_ text: [UInt8]) {
            let key = Array("services:\n".utf8)
            var lines: [Range<Int>] = []
            var start = 0
            while let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(start..<end + 1)
                start = end + 1
            }
            guard start == text.count, let first = lines.lastIndex(where: { text[$0].elementsEqual(key) }) else {
                return nil
            }
            head = text[..<lines[first].upperBound]
            services = lines[(first + 1)...].map { text[$0] }
            let isEntry: (ArraySlice<UInt8>) -> Bool = { line in
                line.starts(with: [0x20, 0x20]) && line.dropFirst(2).first != 0x20
            }
            guard services.allSatisfy(isEntry) else { return nil }
        }
    }
}
