import Synchronization

extension RuleTable {
    /// A chain of rules, in nft's words (nft(8), CHAINS).
    ///
    /// Of the many chains of a cluster's services the nodes have the same ones, and so have a lab's rules before and after most
    /// changes: a chain is shared by those who have it, until one of them changes it, and what is shared is equal at one look.
    public struct Chain: Hashable, Sendable {
        private var content: Content

        /// A chain of these rules.
        public init(_ name: String, hook: Hook? = nil, comment: String? = nil, _ rules: [Rule]) {
            content = Content(name, hook, comment, rules)
        }

        public var name: String {
            get { content.name }
            set { content = Content(newValue, hook, comment, rules) }
        }

        /// Where packets enter it; nil if only rules lead to it.
        public var hook: Hook? {
            get { content.hook }
            set { content = Content(name, newValue, comment, rules) }
        }

        /// What its writer says about it.
        public var comment: String? {
            get { content.comment }
            set { content = Content(name, hook, newValue, rules) }
        }

        /// Its rules, in order.
        public var rules: [Rule] {
            get { content.rules }
            set { content = Content(name, hook, comment, newValue) }
            _modify {
                // Nobody else may hold the rules meanwhile, or each that is appended would copy all.
                var rules = content.rules
                let (name, hook, comment) = (content.name, content.hook, content.comment)
                content = .none
                defer { content = Content(name, hook, comment, rules) }
                yield &rules
            }
        }

        public static func == (one: Chain, other: Chain) -> Bool {
            if one.content === other.content { return true }
            let (one, other) = (one.content, other.content)
            return one.name == other.name && one.hook == other.hook && one.comment == other.comment
                && one.rules == other.rules
        }

        public func hash(into hasher: inout Hasher) { hasher.combine(digest) }

        /// The number of `RuleDigest` for it, worked out once for all who share it.
        var digest: UInt64 {
            let known = content.digest.load(ordering: .relaxed)
            if known != 0 { return known }
            var digest = RuleDigest()
            digest.add(content: self)
            content.digest.store(digest.value, ordering: .relaxed)
            return digest.value
        }

        /// What a chain holds. A class, because it is shared.
        private final class Content: Sendable {
            let name: String
            let hook: Hook?
            let comment: String?
            let rules: [Rule]
            /// Nought until it is asked for.
            let digest = Atomic<UInt64>(0)

            /// What a chain has while its rules are changed.
            static let none = Content("", nil, nil, [])

            init(_ name: String, _ hook: Hook?, _ comment: String?, _ rules: [Rule]) {
                self.name = name
                self.hook = hook
                self.comment = comment
                self.rules = rules
            }
        }
    }
}
