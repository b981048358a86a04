import Foundation
import Glibc

/// The program nslab that was built together with the tests.
public enum BuiltProgram {
    /// Where the build put it: beside the test bundle.
    public static let path: String = {
        let bundle = CommandLine.arguments[0]
        let folders = [Bundle.main.bundlePath, (bundle as NSString).deletingLastPathComponent, ".build/debug"]
        return folders.map { "\($0)/nslab" }.first { access($0, X_OK) == 0 } ?? ".build/debug/nslab"
    }()
}
