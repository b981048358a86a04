import GoTemplates
import Testing

@Suite("Functions of templates")
struct FunctionTests {
    private static let data = GoValue.structure([
        "Name": .text("a"), "Label": .map(["role": .text("worker")]), "Items": .list([.int(1), .int(2)]),
    ])

    /// A program's own function, and one of text/template's that it has its own way.
    private static let own = GoFunctions { (name, arguments) throws(GoFunctionError) in
        switch name {
        case "twice": .text("\(try GoFunctionError.one(arguments))\(arguments[0])")
        case "len": .text("many")
        default: nil
        }
    }

    @Test(
        "what a program adds comes before text/template's own",
        arguments: [("{{twice .Name}}", "aa"), ("{{len .Items}}", "many"), ("{{print .Name 1}}", "a 1")])
    func additions(text: String, expected: String) throws {
        #expect(try GoTemplate(text).rendered(Self.data, functions: Self.own).text == expected)
    }

    @Test("without it they are not there")
    func none() throws {
        #expect(try GoTemplate("{{len .Items}}").rendered(Self.data).text == "2")
        #expect(throws: GoTemplate.Problem.self) { try GoTemplate("{{twice .Name}}").rendered(Self.data) }
        #expect(throws: GoTemplate.Problem.self) { try GoTemplate("{{seq 3}}").rendered(Self.data) }
    }

    @Test(
        "a method's argument",
        arguments: [("{{.Label \"role\"}}", "worker"), ("{{.Label \"other\"}}", ""), ("{{.Label .Name}}", "")])
    func methods(text: String, expected: String) throws {
        #expect(try GoTemplate(text).rendered(Self.data).text == expected)
    }

    @Test(
        "what has no method, or takes no text, is told",
        arguments: ["{{.Name \"x\"}}", "{{.Label 1}}", "{{.Label \"a\" \"b\"}}"])
    func noMethods(text: String) {
        #expect(throws: GoTemplate.Problem.self) { try GoTemplate(text).rendered(Self.data) }
    }
}
