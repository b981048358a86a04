import ClusterObjects
import GoTemplates

/// `docker images`, `pull`, `import`: a lab needs no image, and scripts that see to it that one is there find it there.
extension Docker {
    private static let images = DockerFormat(
        columns: [
            .init("ID", "IMAGE ID"), .init("Repository", "REPOSITORY"), .init("Tag", "TAG"),
            .init("Digest", "DIGEST"), .init("CreatedSince", "CREATED"), .init("CreatedAt", "CREATED AT"),
            .init("Size", "SIZE"),
        ], usual: "{{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}")

    /// An image's identity, always the same for one name.
    static func imageID(_ image: String) -> String {
        // FNV-1a (draft-eastlake-fnv), once for each quarter.
        let digits = (0..<4).map { quarter -> String in
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in "\(quarter)/\(image)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            let text = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return "sha256:" + digits.joined()
    }

    /// A name with its tag: `ceos` is `ceos:latest`.
    private static func parts(_ image: String) -> (repository: String, tag: String) {
        let slash = image.lastIndex(of: "/").map { image.index(after: $0) } ?? image.startIndex
        guard let colon = image[slash...].firstIndex(of: ":") else { return (image, "latest") }
        return (String(image[..<colon]), String(image[image.index(after: colon)...]))
    }

    /// The images that the labs' files name, and the one that is asked for.
    func listImages(_ rest: [String]) throws -> String {
        let parsed = try FlagSet(
            switches: ["all", "digests", "no-trunc", "quiet", "tree"], values: ["filter", "format"],
            letters: ["a": "all", "q": "quiet", "f": "filter"]
        ).parse(rest, for: "docker images")
        var names = Set(try labs.machines().map(\.image)).filter { !$0.isEmpty }
        let wanted =
            parsed.arguments.first
            ?? parsed.all("filter").first.flatMap { filter in
                filter.hasPrefix("reference=") ? String(filter.dropFirst("reference=".count)) : nil
            }
        if let wanted {
            names = names.filter { Self.parts($0) == Self.parts(wanted) || Self.parts($0).repository == wanted }
            if names.isEmpty { names = [wanted] }
        }
        let rows = names.sorted().map { image -> [String: GoValue] in
            let (repository, tag) = Self.parts(image)
            let id = Self.imageID("\(repository):\(tag)")
            return [
                "ID": parsed.has("no-trunc") ? id : String(id.dropFirst("sha256:".count).prefix(12)),
                "Repository": repository, "Tag": tag, "Digest": "<none>", "CreatedSince": "N/A", "CreatedAt": "N/A",
                "Size": "0B",
            ].mapValues { .text($0) }
        }
        return try Self.images.text(parsed.value("format"), isQuiet: parsed.has("quiet"), rows: rows)
    }

    func inspectImages(_ rest: [String]) throws -> AppletAnswer {
        let parsed = try FlagSet(values: ["format", "type", "platform"], letters: ["f": "format"])
            .parse(rest, for: "docker image inspect")
        guard !parsed.arguments.isEmpty else {
            throw AppletError.usage("docker image inspect takes the names of images: docker image inspect IMAGE")
        }
        let documents = parsed.arguments.map { image -> JSON in
            let (repository, tag) = Self.parts(image)
            return [
                "Id": .string(Self.imageID("\(repository):\(tag)")), "RepoTags": [.string("\(repository):\(tag)")],
                "RepoDigests": [], "Created": "1970-01-01T00:00:00Z", "Architecture": "amd64", "Os": "linux", "Size": 0,
                "Config": ["Labels": .object(JSON.Members())],
            ]
        }
        return try Self.answer(documents, parsed.value("format"))
    }

    func pull(_ rest: [String]) throws -> AppletAnswer {
        let parsed = try FlagSet(
            switches: ["all-tags", "disable-content-trust", "quiet"], values: ["platform"],
            letters: ["a": "all-tags", "q": "quiet"]
        ).parse(rest, for: "docker pull")
        guard let image = parsed.arguments.first, parsed.arguments.count == 1 else {
            throw AppletError.usage("docker pull takes one image: docker pull IMAGE")
        }
        let (repository, tag) = Self.parts(image)
        if parsed.has("quiet") { return .text("\(repository):\(tag)\n") }
        return .text("Status: Image is up to date for \(repository):\(tag) (nslab needs no images)\n")
    }

    func importImage(_ rest: [String]) throws -> AppletAnswer {
        let parsed = try FlagSet(values: ["change", "message", "platform"], letters: ["c": "change", "m": "message"])
            .parse(rest, for: "docker import")
        guard (1...2).contains(parsed.arguments.count) else {
            throw AppletError.usage("docker import takes a file and an image: docker import FILE IMAGE")
        }
        let (repository, tag) = Self.parts(parsed.arguments.last ?? "")
        return .text(Self.imageID("\(repository):\(tag)") + "\n")
    }
}
