import CSSH

/// A node's SSH host key.
enum SSHHostKey {
    /// As OpenSSH prints it: `SHA256:` and base64 without padding.
    static func fingerprint(of path: String) throws(LabError) -> String {
        var key: ssh_key?
        guard ssh_pki_import_privkey_file(path, nil, nil, nil, &key) == SSH_OK, let key else {
            throw LabError(.notALab, "\(path) is not a host key")
        }
        defer { ssh_key_free(key) }
        var hash: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) == SSH_OK else {
            throw LabError(.startFailed, "libssh cannot hash a host key")
        }
        defer { ssh_clean_pubkey_hash(&hash) }
        guard let text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length) else {
            throw LabError(.startFailed, "libssh cannot print a fingerprint")
        }
        defer { ssh_string_free_char(text) }
        return String(cString: text)
    }
}
