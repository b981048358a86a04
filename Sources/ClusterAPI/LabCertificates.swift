import Crypto
import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509

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
    init() throws {
        let authorityKey = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("kubernetes") }
        // A clock that is a little behind is no matter.
        let from = Date(timeIntervalSinceNow: -3600)
        let until = from + 10 * 365 * 86400
        func certificate(
            of key: P256.Signing.PublicKey, _ subject: DistinguishedName, _ extensions: Certificate.Extensions
        ) throws -> String {
            try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: Certificate.PublicKey(key),
                notValidBefore: from, notValidAfter: until, issuer: name, subject: subject,
                signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
                issuerPrivateKey: Certificate.PrivateKey(authorityKey)
            ).serializeAsPEM().pemString
        }
        let (serverKey, clientKey) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        authority = try certificate(
            of: authorityKey.publicKey, name,
            Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
            })
        server = try certificate(
            of: serverKey.publicKey, DistinguishedName { CommonName("kube-apiserver") },
            Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([
                    .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])), .dnsName("localhost"),
                    .dnsName("kubernetes"), .dnsName("kubernetes.default"), .dnsName("kubernetes.default.svc"),
                ])
            })
        client = try certificate(
            of: clientKey.publicKey,
            DistinguishedName {
                OrganizationName("system:masters")
                CommonName("kubernetes-admin")
            },
            Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.clientAuth])
            })
        self.serverKey = serverKey.pemRepresentation
        self.clientKey = clientKey.pemRepresentation
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
