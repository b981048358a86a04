import CCrypto
import NIOSSL

/// The keys of a lab's API: an authority of its own, and a certificate each for the server and for the one client that it serves
/// (RFC 5280). They are made with the lab and gone with it.
struct LabCertificates {
    /// The authority's certificate, in PEM as all of these.
    let authority: String
    let server: String
    let serverKey: String
    let client: String
    let clientKey: String

    /// Makes new ones, for a server on the machine's loopback.
    ///
    /// - Throws: `CryptoError`.
    init() throws(CryptoError) {
        let authorityKey = try PrivateKey()
        let authority = try Certificate(
            of: authorityKey, [.commonName: "kubernetes"],
            [
                .init(NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                .init(NID_key_usage, "critical,digitalSignature,keyCertSign"),
            ])
        let issuer = (authority, authorityKey)
        let (serverKey, clientKey) = (try PrivateKey(), try PrivateKey())
        let ends = [
            Certificate.Extension(NID_basic_constraints, "critical,CA:FALSE"),
            Certificate.Extension(NID_key_usage, "critical,digitalSignature"),
        ]
        let names = "IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
        server = try Certificate(
            of: serverKey, [.commonName: "kube-apiserver"],
            ends + [.init(NID_ext_key_usage, "serverAuth"), .init(NID_subject_alt_name, names)], by: issuer
        ).pem()
        client = try Certificate(
            of: clientKey, [.organization: "system:masters", .commonName: "kubernetes-admin"],
            ends + [.init(NID_ext_key_usage, "clientAuth")], by: issuer
        ).pem()
        self.authority = try authority.pem()
        self.serverKey = try serverKey.pem()
        self.clientKey = try clientKey.pem()
    }

    /// The parts in the order in which they are kept.
    private var parts: [String] { [authority, server, serverKey, client, clientKey] }

    /// All of it as it is kept: PEM documents one after the other.
    var text: String { parts.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined() }

    /// Reads what `text` gave; nil for anything else.
    init?(_ text: String) {
        var parts: [String] = []
        var part = ""
        for line in text.split(separator: "\n") {
            part += line + "\n"
            if line.hasPrefix("-----END ") {
                parts.append(part)
                part = ""
            }
        }
        guard parts.count == 5, part.isEmpty else { return nil }
        (authority, server, serverKey, client, clientKey) = (parts[0], parts[1], parts[2], parts[3], parts[4])
    }

    /// What the server speaks TLS with: it takes no client that the authority has no certificate for.
    func context() throws -> NIOSSLContext {
        let roots = try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8))
        var configuration = TLSConfiguration.makeServerConfigurationWithMTLS(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(server.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(serverKey.utf8), format: .pem)),
            trustRoots: .certificates(roots))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}
