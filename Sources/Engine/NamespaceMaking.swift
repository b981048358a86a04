import Blueprint
import Glibc
import NetworkNamespaces
import NetworkObjects
import Synchronization
import System

/// Making a lab's namespaces.
enum NamespaceMaking {
    /// Makes and pins namespaces, each with its mark and its settings, on as many threads as there are processors.
    ///
    /// - Parameters:
    ///   - stock: where there may be some that were made ahead; nil for none.
    ///   - settings: for each namespace those that are written before it has links.
    static func make(
        _ entries: [Journal.Entry], of stock: NamespaceStock? = nil, lab: String, _ settings: [SettingPlan],
        _ cancellation: Cancellation
    ) throws -> [Session] {
        let made = Slots<Session>(count: entries.count)
        let inherited = InheritedSettings()
        try NamespaceThread.forEach(entries.count) { thread, index in
            try cancellation.check(lab)
            let entry = entries[index]
            do {
                made[index] = try thread.enterNew(of: stock) { inside in
                    let session = try Session(in: inside, name: entry.name, pin: entry.pin, isNew: true)
                    try Ownership.mark(session, lab: lab)
                    for setting in settings[index].sysctls where !inherited.have(setting, in: inside) {
                        try inside.setSysctl(setting.path, to: setting.value)
                    }
                    try NamedNamespaces.pin(inside, as: entry.pin)
                    return session
                }
            } catch let error as SystemCallError {
                if error.call == "open", error.errno == EEXIST {
                    throw EngineError.namespaceInTheWay(pin: entry.pin)
                }
                throw EngineError(error, object: entry.name)
            }
        }
        return made.all.map { $0! }
    }
}

/// What settings a new namespace starts with: it takes them from the host or from the kernel's defaults, as
/// `net.core.devconf_inherit_init_net` says. What is as it should be then need not be written in each of a thousand.
private final class InheritedSettings: Sendable {
    private let values = Mutex<[String: String]>([:])

    /// Whether a new namespace has the setting's value.
    ///
    /// - Parameter inside: one that has not been given it yet.
    func have(_ setting: Sysctl, in inside: borrowing InsideNamespace) -> Bool {
        // Writing a switch sets what new links start with, too.
        if setting.path.hasSuffix("forward") || setting.path.hasSuffix("forwarding") { return false }
        if let known = values.withLock({ $0[setting.path] }) { return known == setting.value }
        // One that cannot be read is written, and that refusal is told.
        guard let value = try? inside.sysctl(setting.path) else { return false }
        values.withLock { $0[setting.path] = value }
        return value == setting.value
    }
}
