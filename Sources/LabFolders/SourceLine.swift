import Topology

/// A line of a file of the lab folder.
public struct SourceLine: Hashable, Sendable {
    /// The file's path below the folder, or as the user gave it.
    public var file: String
    /// The line, counted from 1.
    public var line: Int

    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }
}

extension SourceLine: Comparable {
    public static func < (lhs: Self, rhs: Self) -> Bool { (lhs.file, lhs.line) < (rhs.file, rhs.line) }
}

extension SourceLine: CustomStringConvertible {
    /// `FILE:LINE`, the form that editors and CI systems turn into links.
    public var description: String { "\(file):\(line)" }
}

/// A value and the line it was read from.
public struct Located<Value> {
    public var value: Value
    /// Its place in the file.
    public var place: SourceLine

    /// A value read from a line.
    public init(_ value: Value, at place: SourceLine) {
        self.value = value
        self.place = place
    }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
extension Located: Sendable where Value: Sendable {}

/// Something in a file that nslab does not do as the file says; the lab comes up all the same.
public struct Warning: Hashable, Sendable, CustomStringConvertible {
    /// Its place in the file.
    public var place: SourceLine
    /// What is not done, and what is done in its place: one sentence without a full stop.
    public var sentence: String

    /// A warning about a line.
    public init(at place: SourceLine, _ sentence: String) {
        self.place = place
        self.sentence = shortened(sentence)
    }

    public var description: String { "\(place): \(sentence)" }
}
