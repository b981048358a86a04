import Foundation

extension Witness {
    /// What a tool prints as JSON: a list of objects. iproute2 leaves empty ones where a filter matched nothing; they are left
    /// out.
    ///
    /// - Parameters:
    ///   - command: the words as one would type them, such as `ip -j route`.
    /// - Throws: `Failure` if the tool did not succeed, `NotJSON` if it printed something else.
    public static func json(_ command: String, in pin: String? = nil) throws -> [[String: Any]] {
        let text = try output(command.split(separator: " ").map(String.init), in: pin)
        if text.allSatisfy(\.isWhitespace) { return [] }
        guard let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] else {
            throw NotJSON(command: command, output: text)
        }
        return list.filter { !$0.isEmpty }
    }

    /// A tool printed something else than a list of objects.
    public struct NotJSON: Error, CustomStringConvertible {
        public var command: String
        public var output: String

        public var description: String { "\(command) printed no list of objects: \(output)" }
    }
}
