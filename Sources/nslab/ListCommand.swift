import ArgumentParser
import NSLabKit

/// `nslab list`
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the labs that are running.", aliases: ["ls"])

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try Privilege.require(for: "nslab list")
        let labs = try Lab.list()
        try global.console.print(labs) {
            guard !labs.isEmpty else { return "no lab is running\n" }
            var table = Table("Lab", "Source", "State", "Namespaces")
            for lab in labs { table.add([lab.lab, lab.source, lab.state, "\(lab.namespaces)"]) }
            return table.text
        }
    }
}
