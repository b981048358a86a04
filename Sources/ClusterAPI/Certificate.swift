import CCrypto

/// What libcrypto did not do, in its own words.
struct CryptoError: Error, CustomStringConvertible {
    /// The function, as its man page names it.
    let function: String
    let reason: String

    init(_ function: String) {
        self.function = function
        var words = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(ERR_get_error(), &words, words.count)
        reason = String(decoding: words.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    var description: String { "\(function): \(reason)" }

    /// What a function gave, where nil is its failure.
    static func check<Value>(_ value: Value?, _ function: String) throws(CryptoError) -> Value {
        guard let value else { throw CryptoError(function) }
        return value
    }

    /// A function's status, where anything but a positive number is its failure.
    static func check(_ status: CInt, _ function: String) throws(CryptoError) {
        guard status > 0 else { throw CryptoError(function) }
    }
}

/// A private key for ECDSA on the curve P-256 (FIPS 186-5).
final class PrivateKey {
    fileprivate let key: OpaquePointer

    /// Makes a new one.
    init() throws(CryptoError) { key = try CryptoError.check(nslab_p256_key(), "EVP_EC_gen") }

    deinit { EVP_PKEY_free(key) }

    /// PKCS #8 in PEM (RFC 5958, RFC 7468).
    func pem() throws(CryptoError) -> String {
        try text("PEM_write_bio_PKCS8PrivateKey") { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }
}

/// A certificate, version 3 (RFC 5280), that is good from an hour ago, for clocks that are a little behind, for ten years.
final class Certificate {
    /// An attribute of a subject's name, by its short name in libcrypto.
    enum Attribute: String {
        case commonName = "CN"
        case organization = "O"
    }

    /// An extension by its number in libcrypto, and its value as x509v3_config(5) writes it.
    struct Extension {
        let number: CInt
        let value: String

        init(_ number: CInt, _ value: String) { (self.number, self.value) = (number, value) }
    }

    /// Who signs.
    typealias Issuer = (certificate: Certificate, key: PrivateKey)

    /// Which keys sign and are signed: strict clients ask for them (section 4.2.1.1 and 4.2.1.2). An issuer's own comes first.
    private static let identifiers = [
        Extension(NID_subject_key_identifier, "hash"), Extension(NID_authority_key_identifier, "keyid:always"),
    ]

    private let certificate: OpaquePointer

    /// Makes the one of a key, signed with SHA-256 by an issuer, or by itself.
    init(
        of key: PrivateKey, _ subject: KeyValuePairs<Attribute, String>, _ extensions: [Extension],
        by issuer: Issuer? = nil
    ) throws(CryptoError) {
        certificate = try CryptoError.check(X509_new(), "X509_new")
        // Numbers from 0: this is the third version.
        try CryptoError.check(X509_set_version(certificate, 2), "X509_set_version")
        // Positive and of 20 bytes at most (section 4.1.2.2).
        var serial = [UInt8](repeating: 0, count: 16)
        try CryptoError.check(RAND_bytes(&serial, CInt(serial.count)), "RAND_bytes")
        serial[0] = serial[0] & 0x7f | 0x40
        let number = try CryptoError.check(BN_bin2bn(serial, CInt(serial.count), nil), "BN_bin2bn")
        defer { BN_free(number) }
        _ = try CryptoError.check(
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)), "BN_to_ASN1_INTEGER")
        _ = try CryptoError.check(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600), "X509_gmtime_adj")
        _ = try CryptoError.check(
            X509_gmtime_adj(X509_getm_notAfter(certificate), 10 * 365 * 86400), "X509_gmtime_adj")
        let name = X509_get_subject_name(certificate)
        for (attribute, value) in subject {
            try CryptoError.check(
                X509_NAME_add_entry_by_txt(name, attribute.rawValue, MBSTRING_UTF8, value, -1, -1, 0),
                "X509_NAME_add_entry_by_txt")
        }
        let signer = issuer?.certificate.certificate ?? certificate
        try CryptoError.check(
            X509_set_issuer_name(certificate, X509_get_subject_name(signer)), "X509_set_issuer_name")
        try CryptoError.check(X509_set_pubkey(certificate, key.key), "X509_set_pubkey")
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, signer, certificate, nil, nil, 0)
        for one in extensions + Self.identifiers {
            let made = try CryptoError.check(
                X509V3_EXT_conf_nid(nil, &context, one.number, one.value), "X509V3_EXT_conf_nid")
            defer { X509_EXTENSION_free(made) }
            try CryptoError.check(X509_add_ext(certificate, made, -1), "X509_add_ext")
        }
        try CryptoError.check(X509_sign(certificate, (issuer?.key ?? key).key, EVP_sha256()), "X509_sign")
    }

    deinit { X509_free(certificate) }

    /// The certificate in PEM (RFC 7468).
    func pem() throws(CryptoError) -> String {
        try text("PEM_write_bio_X509") { PEM_write_bio_X509($0, certificate) }
    }
}

/// What a function writes to a BIO (bio(7ossl)).
private func text(_ function: String, _ write: (OpaquePointer) -> CInt) throws(CryptoError) -> String {
    let bio = try CryptoError.check(BIO_new(BIO_s_mem()), "BIO_new")
    defer { BIO_free(bio) }
    try CryptoError.check(write(bio), function)
    var bytes: UnsafeMutablePointer<CChar>?
    let count = nslab_bio_bytes(bio, &bytes)
    return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
}
