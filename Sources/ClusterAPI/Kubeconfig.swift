import FoundationEssentials

/// What clients need to know of a lab's API (kubectl's configuration, v1).
struct Kubeconfig {
    let lab: String
    /// `https://127.0.0.1:PORT`
    let server: String
    let certificates: LabCertificates

    /// The file's text. Its last line says that it is whole.
    var text: String {
        func encoded(_ pem: String) -> String { Data(pem.utf8).base64EncodedString() }
        // As kind names a cluster's context, its user and itself.
        let name = "kind-\(lab)"
        return """
            apiVersion: v1
            kind: Config
            clusters:
            - name: \(name)
              cluster:
                server: \(server)
                certificate-authority-data: \(encoded(certificates.authority))
            contexts:
            - name: \(name)
              context:
                cluster: \(name)
                user: \(name)
            users:
            - name: \(name)
              user:
                client-certificate-data: \(encoded(certificates.client))
                client-key-data: \(encoded(certificates.clientKey))
            preferences: {}
            current-context: \(name)

            """
    }
}
