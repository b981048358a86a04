import ArgumentParser

@main
struct NSLab: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "nslab")
}
