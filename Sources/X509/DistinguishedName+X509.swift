import COpenSSL
import Messages

extension DistinguishedName {
    /// Reads libcrypto's name, attributes in certificate order.
    init(x509Name name: OpaquePointer?) throws(CertificateError) {
        var attributes: [Attribute] = []
        for index in 0..<max(0, X509_NAME_entry_count(name)) {
            guard let entry = X509_NAME_get_entry(name, index) else { continue }
            var text: UnsafeMutablePointer<UInt8>?
            let length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry))
            guard length >= 0, let text else {
                throw .openSSL(.notACertificate, localized("a name cannot be read as text"))
            }
            defer { CRYPTO_free(text, #fileID, #line) }
            let value = String(decoding: UnsafeBufferPointer(start: text, count: Int(length)), as: UTF8.self)
            attributes.append(Attribute(type: Self.type(of: X509_NAME_ENTRY_get_object(entry)), value: value))
        }
        self.init(attributes)
    }

    private static func type(of object: OpaquePointer?) -> String {
        let nid = OBJ_obj2nid(object)
        if nid != NID_undef, let name = OBJ_nid2sn(nid) { return String(cString: name) }
        var buffer = [CChar](repeating: 0, count: 128)
        let length = OBJ_obj2txt(&buffer, Int32(buffer.count), object, 1)
        return String(decoding: buffer.prefix(max(0, Int(length))).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Builds libcrypto's name. The caller frees it.
    func makeX509Name() throws(CertificateError) -> OpaquePointer {
        guard let name = X509_NAME_new() else { throw .openSSL(.cryptoFailed, localized("libcrypto is out of memory")) }
        for attribute in attributes {
            let value = Array(attribute.value.utf8)
            guard
                X509_NAME_add_entry_by_txt(
                    name, attribute.type, mbstringUTF8, value, Int32(value.count), -1, 0) == 1
            else {
                X509_NAME_free(name)
                throw .openSSL(.cryptoFailed, localized("libcrypto refuses the name attribute \(attribute.type)"))
            }
        }
        return name
    }
}

/// `MBSTRING_UTF8`, a cast that Swift does not import.
private let mbstringUTF8: Int32 = 0x1000
