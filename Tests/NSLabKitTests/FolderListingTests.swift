import FoundationEssentials
import Glibc
import Testing

@testable import LabFolders
@testable import NSLabKit

@Suite("Files below a lab folder")
struct FolderListingTests {
    /// Runs a body with a folder of its own, and one beside it that holds `secret.yaml`.
    private func withFolder(_ body: (_ folder: String, _ outside: String) throws -> Void) throws {
        let root = "/tmp/nslabtest-\(UUID().uuidString)"
        for folder in ["\(root)/lab/below", "\(root)/outside"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        defer { try? FileManager.default.removeItem(atPath: root) }
        try Data("secret".utf8).write(to: URL(filePath: "\(root)/outside/secret.yaml"))
        try Data("mine".utf8).write(to: URL(filePath: "\(root)/lab/below/mine.yaml"))
        try body("\(root)/lab", "\(root)/outside")
    }

    private func text(_ path: String, of files: FolderFiles) throws -> String {
        String(decoding: try files.bytes(path), as: UTF8.self)
    }

    @Test("links to files inside of the folder are read, and no others are listed")
    func links() throws {
        try withFolder { folder, outside in
            #expect(symlink("below/mine.yaml", "\(folder)/relative.yaml") == 0)
            #expect(symlink("\(folder)/below/mine.yaml", "\(folder)/absolute.yaml") == 0)
            #expect(symlink("relative.yaml", "\(folder)/chained.yaml") == 0)
            #expect(symlink("\(outside)/secret.yaml", "\(folder)/out.yaml") == 0)
            #expect(symlink(outside, "\(folder)/outside") == 0)
            let files = try FolderFiles(folder: folder)
            #expect(files.paths == ["absolute.yaml", "below/mine.yaml", "chained.yaml", "relative.yaml"])
            for path in files.paths { #expect(try text(path, of: files) == "mine") }
            // The folder itself may be named by a link.
            #expect(symlink(folder, "\(outside)/lab") == 0)
            #expect(try text("relative.yaml", of: FolderFiles(folder: "\(outside)/lab")) == "mine")
        }
    }

    @Test("a link that takes the place of a file, of a link's target or of a folder after the listing is not followed")
    func swapped() throws {
        try withFolder { folder, outside in
            #expect(symlink("below/mine.yaml", "\(folder)/link.yaml") == 0)
            let files = try FolderFiles(folder: folder)
            #expect(files.paths == ["below/mine.yaml", "link.yaml"])
            #expect(unlink("\(folder)/below/mine.yaml") == 0)
            #expect(symlink("\(outside)/secret.yaml", "\(folder)/below/mine.yaml") == 0)
            for path in files.paths { #expect(throws: (any Error).self) { try text(path, of: files) } }
            #expect(unlink("\(folder)/below/mine.yaml") == 0)
            #expect(rmdir("\(folder)/below") == 0)
            #expect(symlink(outside, "\(folder)/below") == 0)
            try Data("secret".utf8).write(to: URL(filePath: "\(outside)/mine.yaml"))
            for path in files.paths { #expect(throws: (any Error).self) { try text(path, of: files) } }
        }
    }
}
