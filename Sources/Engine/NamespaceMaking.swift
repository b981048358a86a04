import Glibc
import NetworkNamespaces
import Rtnetlink
import Synchronization

/// Making a lab's namespaces.
enum NamespaceMaking {
    /// Makes and pins namespaces, each with its mark and its settings, on as many threads as there are processors.
    ///
    /// - Parameter settings: for each namespace those that are written before it has links.
    static func make(_ entries: [Journal.Entry], lab: String, _ settings: [SettingPlan]) throws -> [Session] {
        let made = Slots<Session>(count: entries.count)
        try Threads.forEach(entries.count) { index in
            let entry = entries[index]
            do {
                try NetworkNamespace.unshareThread()
                let session = try Session(name: entry.name, pin: entry.pin, isNew: true)
                try Ownership.mark(session, lab: lab)
                for setting in settings[index].early { try KernelSetting.write(setting.path, setting.value) }
                try Pins.pin(entry.pin)
                made[index] = session
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

/// Places for what several threads make, each at its own position.
final class Slots<Value: Sendable>: Sendable {
    private let values: Mutex<[Value?]>

    init(count: Int) { values = Mutex(Array(repeating: nil, count: count)) }

    subscript(index: Int) -> Value? {
        get { values.withLock { $0[index] } }
        set { values.withLock { $0[index] = newValue } }
    }

    /// What is in all places.
    var all: [Value?] { values.withLock { $0 } }
}
