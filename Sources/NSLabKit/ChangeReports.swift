import Engine
import NetworkObjects

/// An attribute that is not as it should be, or is changed.
public struct AttributeReport: Encodable, Sendable {
    public var name: String
    /// What it should be; absent for none.
    public var wanted: String?
    /// What the kernel has; absent for none.
    public var found: String?

    init(_ attribute: AttributeDifference) {
        (name, wanted, found) = (attribute.name.text, attribute.wanted, attribute.found)
    }
}

/// One thing that `nslab up` did or would do.
public struct OperationReport: Encodable, Sendable {
    /// Absent for something of the lab as a whole.
    public var namespace: String?
    /// `add`, `change`, `remove`, or `rebuild`: removed and made again, with all that is on it; `run` for a command of a host.
    public var action: String
    /// `namespace`, `link`, `address`, `route`, `sysctl`, `table`, …
    public var kind: String
    /// In the words of the tool that shows it.
    public var object: String
    /// What changes, and why something is rebuilt.
    public var attributes: [AttributeReport]
    /// All of it in one line.
    public var text: String

    init(_ operation: PlannedOperation) {
        namespace = operation.namespace
        action = operation.action.rawValue
        kind = operation.kind
        object = operation.object
        attributes = operation.attributes.map { AttributeReport($0) }
        text = operation.description
    }
}

/// What `nslab up --dry-run` would do.
public struct DryRunReport: Encodable, Sendable {
    public var lab: String
    /// Whether the lab is not there and would be built.
    public var isNew: Bool
    public var operations: [OperationReport]
    /// How many of the lab's namespaces were not looked at, because the change does not reach them.
    public var unchecked: Int

    init(_ outcome: BringUp.Outcome) {
        lab = outcome.blueprint.lab
        isNew = outcome.isNew
        operations = outcome.operations.map { OperationReport($0) }
        unchecked = outcome.checked.map { outcome.blueprint.namespaces.count - $0.count } ?? 0
    }
}

/// What `nslab verify` found.
public struct VerifyReport: Encodable, Sendable {
    public var lab: String
    /// Whether what users added was looked at too.
    public var strict: Bool
    public var differences: [Entry]
    /// The kinds of objects that were not looked at, because this kernel does not list them; absent where there is none.
    public var unlistedKinds: [String]?

    /// Something that is not as the blueprint says.
    public struct Entry: Encodable, Sendable {
        /// Absent for something of the lab as a whole.
        public var namespace: String?
        /// `namespace`, `link`, `address`, `route`, `sysctl`, `table`, …
        public var kind: String
        /// In the words of the tool that shows it.
        public var object: String
        /// `missing`, `extra` or `different`.
        public var finding: String
        /// What is different; empty unless that is the finding.
        public var attributes: [AttributeReport]
        /// Where the command was written, `FILE:LINE`, that made it what it should be; absent for what the topology says.
        public var madeBy: String?
        /// All of it in one line.
        public var text: String

        init(_ difference: Difference) {
            namespace = difference.namespace
            kind = difference.kind
            object = difference.object
            attributes = []
            switch difference.finding {
            case .missing: finding = "missing"
            case .extra, .added: finding = "extra"
            case .different(let differences):
                finding = "different"
                attributes = differences.map { AttributeReport($0) }
            }
            madeBy = difference.origin
            text = difference.description
        }
    }
}

/// What changed of a lab, as the commands that do it, or undo it.
public struct DiffReport: Encodable, Sendable {
    public var lab: String
    /// Whether the commands are those that undo it.
    public var undo: Bool
    public var changes: [Change]

    /// One change.
    public struct Change: Encodable, Sendable {
        /// Absent for something of the lab as a whole.
        public var namespace: String?
        /// The name of the namespace's pin, which the commands are for; absent likewise.
        public var netns: String?
        /// What is not as it was, in one line.
        public var text: String
        /// What a shell in the namespace takes. One that begins with `#` says what no command does.
        public var commands: [String]

        init(_ difference: Difference, netns: String?, undoing: Bool) {
            namespace = difference.namespace
            self.netns = netns
            text = difference.description
            commands = difference.commands(undoing: undoing)
        }
    }

    /// A script for a shell: the commands of all namespaces.
    public var script: String {
        changes.map { change in
            change.commands.map { command in
                guard let netns = change.netns, !command.hasPrefix("#") else { return command + "\n" }
                return "ip netns exec \(netns) \(command)\n"
            }.joined()
        }.joined()
    }
}

/// What `nslab reset` did.
public struct ResetReport: Encodable, Sendable {
    public var lab: String
    /// The processes that were inside and were ended.
    public var processes: [Int32]
    /// What had drifted or been added, and was put right.
    public var changes: [OperationReport]
    /// How many learned neighbours and forwarding entries were forgotten.
    public var learned: Int
    /// How many tables had their counters and dynamic sets cleared.
    public var tables: Int
    /// The commands of nodes and hosts that failed when they ran again, a sentence each: absent where none did.
    public var commandFailures: [String]?
    /// How long it took, in seconds.
    public var duration: Double

    init(_ outcome: Reset.Outcome, duration: Double) {
        lab = outcome.lab
        processes = outcome.processes
        changes = outcome.operations.map { OperationReport($0) }
        learned = outcome.learned
        tables = outcome.tables
        commandFailures = outcome.commandFailures.isEmpty ? nil : outcome.commandFailures
        self.duration = duration
    }
}
