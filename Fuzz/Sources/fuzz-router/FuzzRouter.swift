import ShowCommands
import Topology

/// A router that lines of configuration change.
private let router: Router = {
    var router = Router(name: "r", vlans: [Router.VLANSegment(id: 10)])
    router.ports = [
        Router.Port(name: "eth1", mode: .access(vlan: 10)),
        Router.Port(name: "eth2", mode: .trunk(allowed: [10...20], native: 10)),
        Router.Port(
            name: "eth3", mode: .routed(addresses: [], subinterfaces: [.init(number: 5, vlan: 5, addresses: [])])),
    ]
    return router
}()

/// What libFuzzer calls with each input: lines that somebody types at a router, as an untrusted program might. What is read has
/// to be read the same again, help must fit what it is asked of, and no line may break the router that it configures.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRouter(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    var router = router
    var mode = ConfigurationMode.global
    let tables = RouterTables()
    for line in text.split(whereSeparator: \.isNewline).prefix(64) {
        if let piped = try? PipedLine(line) { _ = piped.filtered("interface Ethernet1\n   mtu 9000\n!\n 0 0\n") }
        _ = Grammar.exec.suggestions(for: line)
        _ = Grammar.exec.completion(of: line)
        if case .show(let command)? = try? Grammar.exec.command(line) {
            let answer = ShowAnswer(command, tables)
            precondition(!answer.text.contains("\0"))
            if let json = answer.json { precondition(json.text.last == "\n") }
        }
        let grammar = Grammar.configuration(mode)
        for suggestion in grammar.suggestions(for: line) where suggestion.isLiteral {
            precondition(!suggestion.word.isEmpty)
        }
        guard case .change(let change)? = try? grammar.command(line) else { continue }
        guard (try? router.make(change, in: mode)) != nil else { continue }
        switch change {
        case .enterInterfaces(let names): mode = .interfaces(names)
        case .enterVLANs(let numbers): mode = .vlans(numbers)
        default: break
        }
        _ = mode.prompt
    }
    return 0
}
