import Blueprint
import FoundationEssentials
import NetworkNamespaces

/// What a lab consists of, in its state folder from before the first kernel object until after the last.
public struct Journal: Codable, Hashable, Sendable {
    /// The version of the state's format: of this file and of all others in the folder.
    var version = Journal.currentVersion
    /// The lab's name.
    public var lab: String
    /// What the lab was made from, as the user would name it.
    public var source: String
    /// Whether the lab is complete: false while it is being built, and after that was cut short.
    public var isComplete = false
    /// Whether it was complete and is being changed: then what is there is kept, and not built anew.
    var isChanging: Bool?
    /// The kernel's features that the lab's form was chosen by.
    var features: Features
    /// The lab's namespaces, in the order they are made.
    public var namespaces: [Entry]
    /// Whether the ends of cables have MAC addresses of the lab's choice; nil for a lab that was made by an nslab which left them to
    /// the kernel.
    var choosesHardwareAddresses: Bool?
    /// By pin, the rule sets that were found to be as they should be.
    var rules: [String: RuleRecord]?
    /// By pin, the numbers that tell the lab's namespaces from all others (`InsideNamespace.cookie`), as far as they are known: so
    /// whoever removes the lab need not wait for the kernel's lock on links to ask for the mark.
    var cookies: [String: UInt64]?

    /// One namespace of the lab.
    public struct Entry: Codable, Hashable, Sendable {
        /// The name that people use.
        public var name: String
        /// What it stands for: `router`, `network`, `node` or `pod`.
        public var kind: String
        /// The name of its pin.
        public var pin: String
    }

    /// Those of `KernelFeatures` that a blueprint depends on, as they are written.
    struct Features: Codable, Hashable, Sendable {
        var bridgeVLANFiltering: Bool
        var vlanLinks: Bool
        var ipip: Bool
        var netem: Bool
        var tokenBucket: Bool

        init(_ features: KernelFeatures) {
            bridgeVLANFiltering = features.contains(.vlanFiltering)
            vlanLinks = features.contains(.vlanLinks)
            ipip = features.contains(.ipip)
            netem = features.contains(.netem)
            tokenBucket = features.contains(.tokenBucket)
        }
    }

    /// The journal of a lab that is about to be built.
    init(_ blueprint: Blueprint, source: String, features: KernelFeatures) {
        lab = blueprint.lab
        self.source = source
        self.features = Features(features)
        namespaces = blueprint.namespaces.map {
            Entry(name: $0.name, kind: $0.kind.rawValue, pin: "\(blueprint.lab)-\($0.name)")
        }
    }

    /// Notes which namespaces were made.
    mutating func note(made sessions: [Session]) {
        let made = sessions.compactMap { session in session.cookie.map { (session.pin, $0) } }
        cookies = (cookies ?? [:]).merging(made) { $1 }
    }

    /// The features in the blueprint's words.
    var kernelFeatures: KernelFeatures {
        var all = KernelFeatures.complete
        for (feature, isThere) in [
            (KernelFeature.vlanFiltering, features.bridgeVLANFiltering), (.vlanLinks, features.vlanLinks),
            (.ipip, features.ipip), (.netem, features.netem), (.tokenBucket, features.tokenBucket),
        ] where !isThere { all.remove(feature) }
        return all
    }

    /// The version that this nslab writes. It reads those before it, too:
    /// 1 kept no allocations, and a lab had those of a new lab of its topology; 2 did not mark namespaces and files with the
    /// `/run` that they belong to; 3 kept nothing of what commands had made; 4 knew no other names of machines, no pods' names and
    /// places as `dns`, `spread` and `podAffinity` say them, no ports of nodes, and nothing of what routers hear of services;
    /// 5 had no load balancers' addresses, ranges of pods and modes of kube-proxy, and its services no endpoints by hand.
    static let currentVersion = 6

    /// Whether what commands made is kept.
    var keepsCommands: Bool { version >= 4 }

    /// Writes the journal in the place of an earlier one.
    func write(to state: StateDirectory) throws { try StateDirectory.write(json: self, to: state.journal) }

    /// Reads a lab's journal.
    ///
    /// - Throws: `EngineError.noSuchLab` if there is none, `.newerState` if it is one of a later version, `.damagedState` if it
    ///   cannot be read.
    static func read(_ state: StateDirectory) throws(EngineError) -> Journal {
        guard let bytes = try StateDirectory.read(state.journal) else { throw .noSuchLab(state.lab) }
        // What is not of this form may be of a later version; what it is then, or what is wrong, is told below.
        guard let journal: Journal = try? decode(bytes, of: state), journal.version <= currentVersion else {
            let core = try Core(bytes, of: state)
            if core.version > currentVersion { throw .newerState(lab: state.lab, version: core.version) }
            return try decode(bytes, of: state)
        }
        try Core(journal).check(state)
        return journal
    }

    private static func decode<Value: Decodable>(_ bytes: [UInt8], of state: StateDirectory) throws(EngineError)
        -> Value
    {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            throw .damagedState(path: state.journal, reason: "the journal cannot be read")
        }
    }

    /// What a journal of any version has, and what is enough to remove a lab: no later version may change it.
    struct Core: Codable, Hashable, Sendable {
        var version: Int
        var lab: String
        var namespaces: [Pin]
        /// As far as they are known; a later version may do without.
        var cookies: [String: UInt64]?

        struct Pin: Codable, Hashable, Sendable {
            var pin: String
        }

        /// The names of the lab's pins.
        var pins: [String] { namespaces.map(\.pin) }

        /// Reads a lab's journal, of whatever version.
        ///
        /// - Throws: `EngineError.noSuchLab` if there is none, `.damagedState` if it cannot be read.
        static func read(_ state: StateDirectory) throws(EngineError) -> Core {
            guard let bytes = try StateDirectory.read(state.journal) else { throw .noSuchLab(state.lab) }
            return try Core(bytes, of: state)
        }

        fileprivate init(_ bytes: [UInt8], of state: StateDirectory) throws(EngineError) {
            self = try Journal.decode(bytes, of: state)
            try check(state)
        }

        init(_ journal: Journal) {
            version = journal.version
            lab = journal.lab
            namespaces = journal.namespaces.map { Pin(pin: $0.pin) }
            cookies = journal.cookies
        }

        /// What a journal says is not to lead anywhere else.
        fileprivate func check(_ state: StateDirectory) throws(EngineError) {
            guard lab == state.lab, version > 0, pins.allSatisfy({ $0.hasPrefix("\(lab)-") && !$0.contains("/") })
            else {
                throw .damagedState(path: state.journal, reason: "this is not the journal of lab \(state.lab)")
            }
        }
    }
}
