import DNS
import Synchronization

/// The name server of the moment, for all that answer DNS.
final class CurrentZone: Sendable {
    private let server = Mutex<NameServer?>(nil)

    var current: NameServer? {
        get { server.withLock { $0 } }
        set { server.withLock { $0 = newValue } }
    }
}
