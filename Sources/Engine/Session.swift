import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import Synchronization
import System

/// A namespace of a lab that is being worked on: a route socket that was opened inside, and the numbers of its links.
///
/// A class, because many of them are held in an array and a socket cannot be copied.
final class Session: Sendable {
    let name: String
    let pin: String
    /// Whether the namespace was made by this process and holds nothing that was not put there by it.
    let isNew: Bool
    /// What tells a namespace that is new from all others; nil where it was there, or the kernel does not tell.
    let cookie: UInt64?
    private let socket: Mutex<RouteSocket>
    private let table = Mutex(InterfaceTable())

    /// Opens a socket in a namespace of the lab.
    init(
        in inside: borrowing InsideNamespace, name: String, pin: String, isNew: Bool = false
    ) throws(EngineError) {
        self.name = name
        self.isNew = isNew
        self.pin = pin
        do {
            cookie = try isNew ? inside.cookie() : nil
            socket = Mutex(try RouteSocket(in: inside))
        } catch let error as NetlinkError {
            throw EngineError(error, object: name)
        } catch let error as SystemCallError {
            throw EngineError(error, object: name)
        } catch {
            throw .unexpected(object: name, error)
        }
    }

    /// The numbers of the namespace's links, as far as they have been read or given.
    var interfaces: InterfaceTable {
        get { table.withLock { $0 } }
        set { table.withLock { $0 = newValue } }
    }

    /// Changes the numbers in place.
    func updateInterfaces<Value: Sendable>(_ body: (inout InterfaceTable) -> Value) -> Value {
        table.withLock { body(&$0) }
    }

    /// Uses the socket; another thread waits.
    func withSocket<Value: Sendable, Failure: Error>(
        _ body: (inout RouteSocket) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try socket.withLock { socket throws(Failure) in try body(&socket) }
    }
}

extension NamespaceThread {
    /// Moves the thread into a namespace of a lab, and runs `body` there.
    ///
    /// - Parameter name: what the user calls the namespace.
    /// - Throws: `EngineError` that names it.
    mutating func enter<Value: ~Copyable>(
        _ pin: String, of name: String, _ body: (borrowing InsideNamespace) throws -> Value
    ) throws(EngineError) -> Value {
        try enter(pin: pin, refusal: { EngineError($0, object: name) }) { inside throws(EngineError) in
            try reportingRefusals(of: name) {
                do { return try body(inside) } catch let error as SystemCallError {
                    throw EngineError(error, object: name)
                }
            }
        }
    }

    /// As `enter`, with a session that is opened there.
    mutating func open<Value: ~Copyable>(
        _ pin: String, of name: String, _ body: (Session, borrowing InsideNamespace) throws -> Value
    ) throws(EngineError) -> Value {
        try enter(pin, of: name) { inside in try body(Session(in: inside, name: name, pin: pin), inside) }
    }
}
