import Topology

/// What is known of a pod's containers beyond their declared ports: at which ports well-known images listen, and what
/// a web server's configuration in the command says.
struct ContainerImages {
    /// The ports, each once.
    private(set) var ports: [Workload.ContainerPort] = []

    /// Takes a container.
    mutating func add(_ container: Field, _ diagnostics: inout Diagnostics) {
        let words = (container["command"].list(&diagnostics) + container["args"].list(&diagnostics)).compactMap(\.text)
        var environment: [String: String] = [:]
        for variable in container["env"].list(&diagnostics) {
            if let name = variable["name"].text { environment[name] = variable["value"].text ?? "" }
        }
        let configured = words.flatMap(Self.listens)
        if !configured.isEmpty {
            for port in configured { add(port) }
            return
        }
        // A command in the image's place is a program that nothing is known of.
        let image = Self.name(ofImage: container["image"].text ?? "")
        if container["command"].isPresent, image != "agnhost" { return }
        switch image {
        case "nginx", "httpd", "nginxdemos", "hello", "whoami", "nginx-unprivileged", "caddy", "nginx-alpine":
            add(Workload.ContainerPort(image == "nginx-unprivileged" ? 8080 : 80))
        case "network-multitool", "praqma-network-multitool", "multitool":
            add(Workload.ContainerPort(environment["HTTP_PORT"].flatMap { UInt16($0) } ?? 80))
        case "http-echo":
            let text = Self.option("text", words).map { $0 + "\n" }
            let port = Self.option("listen", words).flatMap { $0.split(separator: ":").last }.flatMap { UInt16($0) }
            add(Workload.ContainerPort(port ?? 5678, body: text))
        case "hello-app", "echo-server", "echoserver", "hello-kubernetes", "podinfo":
            let number: UInt16 = environment["PORT"].flatMap { UInt16($0) } ?? (image == "podinfo" ? 9898 : 8080)
            add(Workload.ContainerPort(number))
        case "agnhost":
            guard words.contains("netexec") || words.contains("serve-hostname") else { return }
            let port = Self.option("http-port", words) ?? Self.option("port", words)
            add(Workload.ContainerPort(port.flatMap { UInt16($0) } ?? (words.contains("netexec") ? 8080 : 9376)))
        default: break
        }
    }

    private mutating func add(_ port: Workload.ContainerPort) {
        guard port.number > 0 else { return }
        if let same = ports.firstIndex(where: { $0.number == port.number && $0.transport == port.transport }) {
            if ports[same].listen != port.listen { ports[same].listen = .dual }
        } else if ports.count < 64 {
            ports.append(port)
        }
    }

    /// `docker.io/library/nginx:1.27` as `nginx`.
    private static func name(ofImage image: String) -> String {
        let path = image.prefix { $0 != "@" }.split(separator: "/").last ?? ""
        return String(path.prefix { $0 != ":" })
    }

    /// The value of `-name=value`, `--name=value` or `-name value`.
    private static func option(_ name: String, _ words: [String]) -> String? {
        for (index, word) in words.enumerated() {
            let bare = word.drop { $0 == "-" }
            guard bare.startIndex > word.startIndex else { continue }
            if bare.hasPrefix(name + "=") { return String(bare.dropFirst(name.count + 1)) }
            if bare == name, index + 1 < words.count { return words[index + 1] }
        }
        return nil
    }

    /// The sockets that nginx's `listen` directives in a text open: `listen 8080;` is IPv4's, `listen [::]:8080;` is
    /// IPv6's (nginx.org, ngx_http_core_module).
    private static func listens(_ text: String) -> [Workload.ContainerPort] {
        guard text.utf8.count < 1 << 16 else { return [] }
        var ports: [Workload.ContainerPort] = []
        for statement in text.split(whereSeparator: { ";{}\n".contains($0) }) {
            let words = statement.split { $0 == " " || $0 == "\t" }
            guard words.count >= 2, words[0] == "listen" else { continue }
            let address = words[1]
            guard let number = UInt16(address.split(separator: ":").last ?? ""), ports.count < 64 else { continue }
            let isIPv6 = address.hasPrefix("[")
            let isBoth = isIPv6 && words.contains("ipv6only=off")
            ports.append(Workload.ContainerPort(number, listen: isBoth ? .dual : isIPv6 ? .ipv6 : .ipv4))
        }
        return ports
    }
}
