import CCurl
import Messages

/// One libcurl easy handle, freed with its owner. It is used by one thread at a time: its owners hold a lock.
struct CurlHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer
    /// The first option that libcurl refused. Nothing is transferred after that: the connection would not be the one
    /// that was requested.
    private let refused = Refusal()

    private final class Refusal { var option: UInt32? }

    /// libcurl requires this once per process, before anything else.
    private static let libraryReady: Bool = etb_curl_start() == CURLE_OK

    init() {
        // Both fail only when out of memory, where Swift stops as well.
        guard Self.libraryReady, let pointer = curl_easy_init() else { fatalError("libcurl cannot start") }
        self.pointer = pointer
    }

    deinit { curl_easy_cleanup(pointer) }

    func set(_ option: CURLoption, _ value: Int) { check(option, etb_curl_setopt_long(pointer, option, value)) }
    func set(_ option: CURLoption, _ value: Bool) { set(option, value ? 1 : 0) }
    func set(_ option: CURLoption, _ value: String?) { check(option, etb_curl_setopt_string(pointer, option, value)) }
    func set(_ option: CURLoption, text: UnsafePointer<CChar>?) {
        check(option, etb_curl_setopt_string(pointer, option, text))
    }
    func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer?) {
        check(option, etb_curl_setopt_pointer(pointer, option, value))
    }
    func set(headers: UnsafeMutablePointer<curl_slist>?) {
        check(CURLOPT_HTTPHEADER, etb_curl_setopt_slist(pointer, CURLOPT_HTTPHEADER, headers))
    }
    func set(form: OpaquePointer) { check(CURLOPT_MIMEPOST, etb_curl_setopt_mime(pointer, form)) }

    /// The schemes that a transfer may use, also after a redirect.
    func allow(_ schemes: Scheme...) {
        check(CURLOPT_PROTOCOLS_STR, etb_curl_restrict_schemes(pointer, schemes.reduce(0) { $0 | $1.rawValue }))
    }

    enum Scheme: Int32 {
        case http = 1
        case https = 2
        case tftp = 4
    }

    /// A UDP socket of this handle receives only from the address that it sends to.
    func acceptOnlyPeer() { check(CURLOPT_OPENSOCKETFUNCTION, etb_curl_accept_only_peer(pointer)) }

    private func setCallback(_ option: CURLoption, _ callback: @escaping etb_curl_data_callback) {
        check(option, etb_curl_setopt_data_callback(pointer, option, callback))
    }

    private func check(_ option: CURLoption, _ result: CURLcode) {
        if result != CURLE_OK, refused.option == nil { refused.option = option.rawValue }
    }

    /// Resets all options, but keeps connections and cookies; then sets what applies to every transfer.
    func prepare(timeout: Double, usesEnvironmentProxy: Bool) {
        curl_easy_reset(pointer)
        // No SIGALRM, no SIGPIPE: this is a library in a program with threads.
        set(CURLOPT_NOSIGNAL, true)
        set(CURLOPT_TIMEOUT_MS, Self.milliseconds(timeout))
        set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(timeout))
        set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        if !usesEnvironmentProxy {
            set(CURLOPT_PROXY, "")
            set(CURLOPT_NOPROXY, "*")
        }
    }

    /// For a TLS connection that is only opened; the caller sets how its peer is verified.
    ///
    /// - Returns: the place, for messages.
    func prepareConnection(
        to host: String, port: UInt16, timeout: Double, operation: LocalizableText
    ) throws(TransferError) -> LocalizableText {
        let place = "\(Location.bracketed(host)):\(port)"
        _ = try Location("https://\(place)", operation: operation)
        prepare(timeout: timeout, usesEnvironmentProxy: false)
        allow(.https)
        set(CURLOPT_URL, "https://\(place)")
        set(CURLOPT_CONNECT_ONLY, true)
        // What follows is not HTTP.
        set(CURLOPT_SSL_ENABLE_ALPN, false)
        return .verbatim("tls://\(place)")
    }

    /// Fails if libcurl rejects the trust setting, because then the connection would not be verified by it.
    func apply(_ tls: TLSOptions, operation: LocalizableText, location: LocalizableText) throws(TransferError) {
        func check(_ result: CURLcode, _ what: LocalizableText) throws(TransferError) {
            guard result != CURLE_OK else { return }
            throw TransferError(
                code: .invalidRequest, operation: operation, location: location, curlCode: result.rawValue,
                message: localized("libcurl rejects the \(what)"))
        }
        try check(etb_curl_setopt_string(pointer, CURLOPT_CAPATH, nil), localized("CA folder"))
        switch tls.trust {
        case .pinned(let key):
            guard Self.isPin(key) else {
                throw TransferError(
                    code: .invalidRequest, operation: operation, location: location,
                    message: localized("the pin is not sha256// and 44 base64 characters"))
            }
            try check(etb_curl_setopt_string(pointer, CURLOPT_PINNEDPUBLICKEY, key), localized("pin"))
            set(CURLOPT_SSL_VERIFYPEER, false)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        case .authority(let file):
            try check(etb_curl_setopt_string(pointer, CURLOPT_CAINFO, file), localized("CA file"))
            set(CURLOPT_SSL_VERIFYPEER, true)
            set(CURLOPT_SSL_VERIFYHOST, 2)
        }
        try applyVersion(legacyTLS: tls.legacyTLS, operation: operation, location: location)
    }

    /// Which TLS versions and ciphers this connection may use.
    func applyVersion(legacyTLS: Bool, operation: LocalizableText, location: LocalizableText) throws(TransferError) {
        guard legacyTLS else { return set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)) }
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_0))
        let result = etb_curl_setopt_string(pointer, CURLOPT_SSL_CIPHER_LIST, "DEFAULT:@SECLEVEL=0")
        guard result == CURLE_OK else {
            throw TransferError(
                code: .invalidRequest, operation: operation, location: location, curlCode: result.rawValue,
                message: localized("libcurl rejects the cipher list"))
        }
    }

    /// Runs the transfer into `receiver`.
    func perform(operation: LocalizableText, location: LocalizableText, into receiver: Receiver) throws(TransferError) {
        if let option = refused.option {
            throw TransferError(
                code: .invalidRequest, operation: operation, location: location,
                message: localized("the installed libcurl rejects an option that is needed (number \(option))"))
        }
        var errorText = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let result = errorText.withUnsafeMutableBufferPointer { buffer in
            set(CURLOPT_ERRORBUFFER, pointer: buffer.baseAddress)
            defer { set(CURLOPT_ERRORBUFFER, pointer: nil) }
            return withExtendedLifetime(receiver) {
                let context = Unmanaged.passUnretained(receiver).toOpaque()
                set(CURLOPT_WRITEDATA, pointer: context)
                setCallback(CURLOPT_WRITEFUNCTION) { data, size, count, context in
                    guard let data, let context else { return 0 }
                    let receiver = Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
                    return receiver.receive(UnsafeRawBufferPointer(start: data, count: size * count))
                }
                set(CURLOPT_HEADERDATA, pointer: context)
                setCallback(CURLOPT_HEADERFUNCTION) { data, size, count, context in
                    guard let data, let context else { return 0 }
                    let receiver = Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
                    return receiver.receiveHeader(UnsafeRawBufferPointer(start: data, count: size * count))
                }
                guard refused.option == nil else { return CURLE_UNKNOWN_OPTION }
                return curl_easy_perform(pointer)
            }
        }
        guard result != CURLE_OK else { return }
        if receiver.overflowed {
            throw TransferError(
                code: .tooLarge, operation: operation, location: location, curlCode: result.rawValue,
                message: localized("the response is longer than \(receiver.limit) bytes"))
        }
        let text = String(decoding: errorText.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        throw Self.error(result, text, operation: operation, location: location)
    }

    static func error(
        _ result: CURLcode, _ text: String, operation: LocalizableText, location: LocalizableText
    ) -> TransferError {
        TransferError(
            code: code(result), operation: operation, location: location, curlCode: result.rawValue,
            message: .verbatim(text.isEmpty ? String(cString: curl_easy_strerror(result)) : text))
    }

    private static func code(_ result: CURLcode) -> TransferError.Code {
        switch result {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_SSL_CACERT_BADFILE, CURLE_BAD_FUNCTION_ARGUMENT:
            .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_PROXY: .unreachable
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_ISSUER_ERROR: .notTrusted
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER: .handshakeFailed
        case CURLE_TFTP_NOTFOUND: .notFound
        case CURLE_TFTP_PERM, CURLE_REMOTE_ACCESS_DENIED: .refused
        case CURLE_FILESIZE_EXCEEDED: .tooLarge
        case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR: .closed
        default: .protocolError
        }
    }

    private static func isPin(_ text: String) -> Bool {
        guard text.hasPrefix("sha256//") else { return false }
        let base64 = text.utf8.dropFirst(8)
        return base64.count == 44 && base64.last == UInt8(ascii: "=")
            && base64.dropLast().allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                    true
                default: false
                }
            }
    }

    /// At least 1, because libcurl takes 0 as "no limit".
    static func milliseconds(_ seconds: Double) -> Int {
        Int(min(max(seconds * 1000, 1), 86_400_000))
    }
}
