import Engine
import System
import Topology

/// Why something asked of nslab was not done, as a sentence and a category that a script can act on.
public struct NSLabError: Error, CustomStringConvertible, Sendable {
    /// The sentences, one a line.
    public let description: String
    /// What kind of failure it is.
    public let category: Category

    /// A failure with this sentence.
    public init(_ description: String, _ category: Category) {
        self.description = description
        self.category = category
    }

    /// Sorts of failure.
    public enum Category: Sendable {
        /// Neither the kernel nor the user is to blame: a fault of nslab.
        case unexpected
        /// What was given is wrong: a file, a name, an option.
        case badInput
        /// The kernel refused.
        case refused
        /// Something of that name is there and is not ours to replace.
        case inTheWay
        /// The process may not do it.
        case notPermitted
        /// A request to end came before it was done.
        case interrupted
        /// The program of a command is not there.
        case commandNotFound
        /// The program of a command cannot be executed.
        case commandNotExecutable
    }

    /// Why a command could not be started.
    init(command: String, _ error: SystemCallError) {
        let advice = error.isNoSuchFile ? MissingProgram.advice(on: command).map { ": " + $0 } : nil
        self.init(
            "\(command): \(error.words)" + (advice ?? ""),
            error.isNoSuchFile ? .commandNotFound : .commandNotExecutable)
    }

    /// The engine's errors in these terms.
    init(_ error: EngineError) {
        let category: Category =
            switch error {
            case .namespaceInTheWay, .untrusted: .inTheWay
            case .notALabName, .noSuchLab, .labNotNamed, .noSuchNamespace, .noAPI, .notARouter, .noSuchLink,
                .noOtherEnd:
                .badInput
            case .refused, .damagedState, .newerState, .lacking: .refused
            case .notOwner: .notPermitted
            case .interrupted: .interrupted
            case .unexpected: .unexpected
            }
        self.init("\(error)", category)
    }
}

/// What is done about a request to end that comes while something is half done.
public typealias Cancellation = Engine.Cancellation

/// Runs `body` and puts whatever it throws in `NSLabError`'s terms.
func reportingErrors<Value: ~Copyable>(_ body: () throws -> Value) throws(NSLabError) -> Value {
    do {
        return try body()
    } catch let error as NSLabError {
        throw error
    } catch let error as EngineError {
        throw NSLabError(error)
    } catch {
        throw NSLabError("\(error)", .refused)
    }
}
