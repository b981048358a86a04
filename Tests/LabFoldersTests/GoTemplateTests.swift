import GoTemplates
import Testing

@testable import LabFolders

@Suite("Templates of Go")
struct GoTemplateTests {
    private static let data = GoValue.structure([
        "Name": .text("sw1"), "Empty": .text(""), "Count": .int(3), "On": .bool(true),
        "Env": .map(["A": .text("x"), "B": .text("")]),
        "Ports": .list([.map(["n": .int(1), "ip": .text("10.0.0.1")]), .map(["n": .int(2), "ip": .text("10.0.0.2")])]),
    ])

    private func render(_ text: String) throws -> String {
        try GoTemplate(text).rendered(Self.data, functions: .containerlab).text
    }

    @Test(
        "values, conditions, loops, variables and functions, as text/template has them",
        arguments: [
            ("a {{ .Name }} b", "a sw1 b"), ("{{.Env.A}}{{ .Env.C }}", "x<no value>"), ("{{ $.Name }}", "sw1"),
            ("a  {{- .Name -}}  \n b", "asw1b"), ("{{/* no */}}x", "x"), ("x {{- /* no */ -}} y", "xy"),
            ("{{ if .Empty }}a{{ else }}b{{ end }}", "b"), ("{{ if not .Empty }}a{{ end }}", "a"),
            ("{{ if eq .Name \"x\" }}1{{ else if eq .Count 3 }}2{{ else }}3{{ end }}", "2"),
            ("{{ if and .On (gt .Count 2) }}y{{ end }}", "y"), ("{{ or .Empty .Name }}", "sw1"),
            ("{{ with .Env }}{{ .A }}{{ end }}", "x"), ("{{ with .Empty }}a{{ else }}b{{ end }}", "b"),
            ("{{ range .Ports }}{{ .n }}={{ .ip }};{{ end }}", "1=10.0.0.1;2=10.0.0.2;"),
            ("{{ range $i, $p := .Ports }}{{ $i }}{{ $p.n }} {{ end }}", "01 12 "),
            ("{{ range $k, $v := .Env }}{{ $k }}{{ end }}", "AB"), ("{{ range .Empty }}{{ else }}none{{ end }}", ""),
            ("{{ range seq 1 4 }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}", "12"),
            ("{{ range seq 3 }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "13"),
            ("{{ $x := 1 }}{{ range seq 2 }}{{ $x = add $x . }}{{ end }}{{ $x }}", "4"),
            ("{{ .Name | printf \"%s-%03d\" }}", ""),
            ("{{ printf \"%s-%03d|%-4s|\" .Name .Count \"a\" }}", "sw1-003|a   |"),
            ("{{ len .Ports }} {{ index .Ports 1 | len }} {{ (index .Ports 0).ip }}", "2 2 10.0.0.1"),
            ("{{ index .Env \"A\" }}", "x"), ("{{ mul 2 (subtract 5 1) }} {{ rem 7 4 }} {{ idiv 7 2 }}", "8 3 3"),
            ("{{ strings.ReplaceAll \"s\" \"S\" .Name }}", "Sw1"),
            ("{{ conv.Join (strings.Split \".\" \"a.b\") \"/\" }}", "a/b"),
            ("{{ net.CIDRHost 5 \"10.1.0.0/16\" }}", "10.1.0.5"), ("{{ `raw` }}{{ 'A' }}", "raw65"),
        ])
    func rendering(text: String, expected: String) throws {
        if expected.isEmpty {
            #expect(throws: (any Error).self) { try render(text) }
        } else {
            #expect(try render(text) == expected)
        }
    }

    @Test(
        "what is wrong with a template is told with its line",
        arguments: [
            ("a\n{{ if .On }}", 2), ("{{ end }}", 1), ("\n\n{{ .Name", 3), ("{{ .Nope }}", 1), ("x\n{{ frob 1 }}", 2),
            ("{{ $y }}", 1), ("{{ index .Ports 9 }}", 1), ("{{ (1 }}", 1), ("{{ \"a }}", 1), ("{{/* a }}", 1),
            ("{{ template \"x\" }}", 1), ("{{ range seq 1 99999999 }}{{ end }}", 1), ("{{ div 1 0 }}", 1),
            ("{{ range seq 60000 }}{{ range seq 60000 }}x{{ end }}{{ end }}", 1),
            ("{{ add 9223372036854775807 1 }}", 1),
        ])
    func problems(text: String, line: Int) {
        let problem = #expect(throws: GoTemplate.Problem.self) {
            try GoTemplate(text).rendered(Self.data, functions: .containerlab)
        }
        #expect(problem?.line == line)
    }

    @Test("each line of the text knows the line that it comes from")
    func lines() throws {
        let text = "one\n{{- range seq 2 }}\nport {{ . }}\n{{- end }}\n{{ if .Empty }}\nno\n{{ end }}last"
        let rendered = try GoTemplate(text).rendered(Self.data, functions: .containerlab)
        #expect(rendered.text == "one\nport 1\nport 2\n\nlast" || rendered.text == "one\nport 1\nport 2\nlast")
        #expect(rendered.lines.count == rendered.text.split(separator: "\n", omittingEmptySubsequences: false).count)
        #expect(rendered.lines.first == 1 && rendered.lines.last == 7)
        #expect(rendered.lines[1] == 3 && rendered.lines[2] == 3)
    }

    @Test("what is deep is refused in time", arguments: ["{{ if .On }}", "{{ (", "{{ range .Ports }}"])
    func deep(part: String) {
        #expect(throws: GoTemplate.Problem.self) { try GoTemplate(String(repeating: part, count: 5000)) }
    }
}
