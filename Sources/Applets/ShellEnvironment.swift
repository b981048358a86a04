/// The lines that make a shell find a lab by the names of other tools, for `eval`.
public struct ShellEnvironment: Hashable, Sendable {
    /// The folder with the names.
    public var folder: String
    /// The file that kubectl is configured by; nil where no lab is meant.
    public var kubeconfig: String?
    /// The lab that was named; nil where none was.
    public var lab: String?

    public init(folder: String, kubeconfig: String? = nil, lab: String? = nil) {
        self.folder = folder
        self.kubeconfig = kubeconfig
        self.lab = lab
    }

    /// The variables to set, in order.
    public var variables: [(name: String, value: String)] {
        [("KUBECONFIG", kubeconfig), ("NSLAB_LAB", lab)].compactMap { name, value in value.map { (name, $0) } }
    }

    /// A shell's language.
    public enum Shell: Sendable {
        /// bash, zsh, and whatever reads what POSIX says.
        case posix
        case fish

        /// The language of a shell by its path.
        public init(program: String) { self = program.split(separator: "/").last == "fish" ? .fish : .posix }
    }

    /// The lines.
    ///
    /// - Parameter path: `PATH` as it is; a folder that is in it already is not put there again.
    public func lines(for shell: Shell, path: String) -> String {
        var lines = ""
        let isThere = path.split(separator: ":").first.map(String.init) == folder
        switch shell {
        case .posix:
            if !isThere { lines += "export PATH=\(Self.quoted(folder)):\"$PATH\"\n" }
            for (name, value) in variables { lines += "export \(name)=\(Self.quoted(value))\n" }
            // What a shell has found before is looked for again.
            lines += "hash -r 2>/dev/null || true\n"
        case .fish:
            if !isThere { lines += "set -gx PATH \(Self.quoted(folder)) $PATH\n" }
            for (name, value) in variables { lines += "set -gx \(name) \(Self.quoted(value))\n" }
        }
        return lines
    }

    /// A word that a shell takes as it stands: in quotes, but for quotes, and for backslashes, which mean something in fish's.
    static func quoted(_ text: String) -> String {
        "'" + text.map { $0 == "'" || $0 == "\\" ? "'\\\($0)'" : String($0) }.joined() + "'"
    }
}
