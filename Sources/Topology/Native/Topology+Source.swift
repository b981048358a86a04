import YAML

extension Topology {
    /// Reads the native format from a file's bytes and checks what they say.
    ///
    /// - Parameters:
    ///   - bytes: the file's content, at most 1 MiB of UTF-8.
    ///   - file: the file's name for errors, as the user gave it.
    ///   - directories: whose files it may have hosts see; nil for a file that says so itself, such as nslab's own.
    /// - Throws: all that is wrong with the form of the file; or, if its form is right, all that is wrong with what it
    ///   says (`problems()`), each at the line it was written in.
    public static func read(
        _ bytes: [UInt8], file: String, binding directories: BindDirectories? = nil
    ) throws(TopologyErrors) -> Topology {
        let root: YAMLValue?
        do { root = try document(bytes) } catch {
            throw TopologyErrors([
                TopologyError(file: file, line: error.mark.line, column: error.mark.column, sentence: error.sentence)
            ])
        }
        guard let root, !root.isNull else {
            throw TopologyErrors([
                TopologyError(
                    file: file, line: 1, column: 1, sentence: "the file is empty; a lab begins with lab: NAME")
            ])
        }
        var reader = NativeReader(file: file, binding: directories)
        let topology = reader.topology(root)
        guard reader.errors.isEmpty else { throw TopologyErrors(reader.errors) }
        let problems = topology.problems()
        guard problems.isEmpty else {
            let map = SourceMap(root: root, cablePlaces: reader.cablePlaces)
            throw TopologyErrors(map.errors(for: problems, file: file))
        }
        return topology
    }

    /// The one document of a file; nil if there is none.
    private static func document(_ bytes: [UInt8]) throws(YAMLSyntaxError) -> YAMLValue? {
        guard bytes.count <= YAMLDocument.maximumBytes else {
            throw YAMLSyntaxError(
                YAMLValue.Mark(line: 1, column: 1),
                "the file has more than \(YAMLDocument.maximumBytes >> 20) MiB; a lab needs less")
        }
        let documents = YAMLDocument.documents(of: bytes)
        let root: YAMLValue?
        // What is there twice is an error of its field, and NativeReader has the field.
        do { root = try documents.first?.read(.scalars)?.root } catch {
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let line = String(decoding: lines.dropFirst(error.mark.line - 1).first ?? [], as: UTF8.self)
            guard line.contains(".."), error.sentence.hasPrefix("this is not YAML") else { throw error }
            throw YAMLSyntaxError(
                error.mark, error.sentence + "; inside { } and [ ] a range needs quotes: \"tor:eth{1..3}\"")
        }
        if documents.count > 1 {
            throw YAMLSyntaxError(
                YAMLValue.Mark(line: documents[1].firstLine, column: 1),
                "a second document begins here; one file is one lab")
        }
        return root
    }

    /// Reads the native format from text and checks what it says.
    ///
    /// - Throws: as `read(_:file:)` for bytes.
    public static func read(_ yaml: String, file: String) throws(TopologyErrors) -> Topology {
        try read(Array(yaml.utf8), file: file)
    }
}

extension NativeReader {
    /// The whole file.
    mutating func topology(_ root: YAMLValue) -> Topology {
        let fields = fields(
            root,
            [
                "lab", "routers", "networks", "nodes", "hosts", "cables", "cluster", "workloads", "services",
                "allowPendingPods",
            ])
        guard case .mapping = root.content else { return Topology(name: "") }
        if fields["lab"] == nil {
            at(.key("lab")) { $0.report(root.mark, "a lab needs a name: lab: NAME") }
        }
        var topology = Topology(name: field(fields, "lab") { $0.text($1, "the lab's name") } ?? "")
        _ = field(fields, "routers") { reader, value in
            reader.forEachNamed(value) { topology.routers.append($0.router($1, $2)) }
        }
        _ = field(fields, "networks") { reader, value in
            reader.forEachNamed(value) { topology.networks.append($0.network($1, $2)) }
        }
        _ = field(fields, "nodes") { reader, value in
            reader.forEachNamed(value) { topology.nodes.append($0.node($1, $2)) }
        }
        _ = field(fields, "hosts") { reader, value in
            reader.forEachNamed(value) { topology.hosts.append($0.host($1, $2)) }
        }
        topology.allowsPendingPods = field(fields, "allowPendingPods") { $0.boolean($1) } ?? false
        var listed: [(cable: Cable, place: Place)] = []
        _ = field(fields, "cables") { reader, value in
            listed = reader.list(value, example: "[[ceos01:eth1, worker:eth1]]") { $0.cable($1) }
        }
        resolveCables(&topology, listed)
        topology.cluster = field(fields, "cluster") { $0.cluster($1) } ?? Cluster()
        _ = field(fields, "workloads") { reader, value in
            reader.forEachNamed(value) { if let workload = $0.workload($1, $2) { topology.workloads.append(workload) } }
        }
        _ = field(fields, "services") { reader, value in
            reader.forEachNamed(value) { if let service = $0.service($1, $2) { topology.services.append(service) } }
        }
        return topology
    }

    /// `[ceos01:eth1, worker:eth1]`, or `{ ends: […], mtu: 9000, conditions: { delay: 20ms } }`.
    private mutating func cable(_ value: YAMLValue) -> (cable: Cable, place: Place)? {
        var mtu: UInt32?
        var conditions = CableConditions()
        var ends: [Endpoint]?
        if case .mapping = value.content {
            let fields = fields(value, ["ends", "mtu", "conditions"])
            mtu = field(fields, "mtu") { $0.mtu($1) }
            conditions = field(fields, "conditions") { $0.conditions($1) } ?? CableConditions()
            ends = list(fields, "ends", example: "[ceos01:eth1, worker:eth1]") { $0.endpoint($1) }
        } else {
            ends = list(value, example: "[ceos01:eth1, worker:eth1]") { $0.endpoint($1) }
        }
        guard let ends, ends.count == 2 else {
            // Ends that are no ends were reported where they are.
            let written: Int? = if case .sequence(let items) = value.content { items.count } else { nil }
            if ends == nil || written == ends?.count {
                report(value.mark, "a cable has two ends: [ceos01:eth1, worker:eth1]")
            }
            return nil
        }
        return (
            Cable(ends[0], ends[1], mtu: mtu, forward: conditions.out, backward: conditions.in), place(value.mark)
        )
    }

    /// Makes cables of all connections: in the order of the file, the end at the device that comes first in it first.
    /// A network's port that was not named gets the next free name.
    private mutating func resolveCables(_ topology: inout Topology, _ listed: [(cable: Cable, place: Place)]) {
        if connections.isEmpty && listed.isEmpty { return }
        var order: [String: Int] = [:]
        for name in topology.routers.map(\.name) + topology.networks.map(\.name) + topology.nodes.map(\.name)
            + topology.hosts.map(\.name)
        where order[name] == nil {
            order[name] = order.count
        }
        var cables: [(cable: Cable, place: Place)] = connections.map { connection in
            let (own, other) = (connection.own, connection.other)
            let ownIsFirst = order[own.device] ?? .max < order[other.device] ?? .max
            let conditions = ownIsFirst ? connection.conditions : connection.conditions.reversed
            return (
                Cable(
                    ownIsFirst ? own : other, ownIsFirst ? other : own, mtu: connection.mtu, forward: conditions.out,
                    backward: conditions.in), connection.place
            )
        }
        cables += listed
        let networks = Set(topology.networks.map(\.name))
        var taken = Set(cables.flatMap { $0.cable.ends.map(\.description) })
        var next: [String: Int] = [:]
        for index in cables.indices {
            for side in cables[index].cable.ends.indices {
                let end = cables[index].cable.ends[side]
                guard end.interface.isEmpty, networks.contains(end.device) else { continue }
                var port = Endpoint(end.device, "")
                repeat {
                    next[end.device, default: 0] += 1
                    port.interface = "port\(next[end.device]!)"
                } while !taken.insert(port.description).inserted
                cables[index].cable.ends[side] = port
            }
        }
        topology.cables = cables.map(\.cable)
        cablePlaces = cables.map(\.place)
    }
}
