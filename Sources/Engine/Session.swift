import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import System

/// A namespace of a lab that is being worked on: a route socket that was opened inside, and the numbers of its links.
///
/// A class, because many of them are held in an array and a socket cannot be copied. One thread at a time uses it.
final class Session: @unchecked Sendable {
    let name: String
    let pin: String
    var socket: RouteSocket
    var interfaces = InterfaceTable()
    /// Whether the namespace was made by this process and holds nothing that was not put there by it.
    let isNew: Bool

    /// Opens a socket in the calling thread's namespace.
    init(name: String, pin: String, isNew: Bool = false) throws(EngineError) {
        self.name = name
        self.isNew = isNew
        self.pin = pin
        do {
            socket = try RouteSocket()
        } catch {
            throw EngineError(error, object: name)
        }
    }

    /// Opens a socket in a pinned namespace, on a thread that may end up there.
    convenience init(entering pin: String, name: String) throws(EngineError) {
        do throws(SystemCallError) {
            try NetworkNamespace(at: Pins.path(pin)).enter()
        } catch {
            throw EngineError(error, object: name)
        }
        try self.init(name: name, pin: pin)
    }
}
