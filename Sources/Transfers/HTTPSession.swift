import CCurl
import Messages
import Synchronization

/// An HTTP client to one peer or several with the same trust: it keeps cookies and connections between requests.
///
/// Each call blocks its thread until the response has arrived or the time is up. A session may be shared between
/// threads; its requests then wait for each other.
public final class HTTPSession: Sendable {
    private let handle = Mutex(CurlHandle())
    private let tls: TLSOptions?
    private let usesEnvironmentProxy: Bool

    /// CURLAUTH_BASIC, a macro that Swift does not import.
    private static let basicAuthentication = 1

    /// - Parameters:
    ///   - tls: how the peer is verified; nil for plain HTTP, and then an `https` URL is refused.
    ///   - usesEnvironmentProxy: use `http_proxy` and the like. By default the peer is always reached directly.
    public init(tls: TLSOptions? = nil, usesEnvironmentProxy: Bool = false) {
        self.tls = tls
        self.usesEnvironmentProxy = usesEnvironmentProxy
    }

    /// Sends a request and waits for the answer.
    public func send(_ request: HTTPRequest) throws(TransferError) -> HTTPResponse {
        let operation = LocalizableText.verbatim(request.method.rawValue)
        let location = try Location(request.url, operation: operation)
        guard location.scheme == "http" || (location.scheme == "https" && tls != nil) else {
            throw TransferError(
                code: .invalidRequest, operation: operation, location: .verbatim(location.text),
                message: location.scheme == "https"
                    ? localized("no pin or CA is given for it") : localized("the scheme is not http or https"))
        }
        return try handle.withLock { (handle) throws(TransferError) -> HTTPResponse in
            try perform(request, operation: operation, location: location, on: handle)
        }
    }

    /// Drops all cookies, and with them the session that a server knows.
    public func forgetCookies() {
        handle.withLock { handle in
            handle.set(CURLOPT_COOKIELIST, "ALL")
        }
    }

    private func perform(
        _ request: HTTPRequest, operation: LocalizableText, location: Location, on handle: borrowing CurlHandle
    ) throws(TransferError) -> HTTPResponse {
        handle.prepare(timeout: request.timeout, usesEnvironmentProxy: usesEnvironmentProxy)
        handle.set(CURLOPT_URL, request.url)
        handle.set(CURLOPT_PROTOCOLS_STR, location.scheme)
        handle.set(CURLOPT_REDIR_PROTOCOLS_STR, location.scheme)
        handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        // Turns cookies on, without a file. COOKIEFILE "" would too, but libcurl 7.88 loses its list at each reset.
        handle.set(CURLOPT_COOKIEJAR, nil)
        if request.followsRedirects {
            handle.set(CURLOPT_FOLLOWLOCATION, true)
            handle.set(CURLOPT_MAXREDIRS, 5)
        }
        if let tls { try handle.apply(tls, operation: operation, location: .verbatim(location.text)) }
        if let authentication = request.authentication {
            handle.set(CURLOPT_HTTPAUTH, Self.basicAuthentication)
            handle.set(CURLOPT_USERNAME, authentication.user)
            Self.setPassword(authentication.password, on: handle)
        }

        // No "Expect: 100-continue": old servers answer it late or not at all.
        var lines = ["Expect:"]
        for header in request.headers {
            guard Self.isSafe(header.name), Self.isSafe(header.value), !header.name.contains(":") else {
                throw TransferError(
                    code: .invalidRequest, operation: operation, location: .verbatim(location.text),
                    message: localized("a header contains a control character"))
            }
            lines.append("\(header.name): \(header.value)")
        }
        if case .bytes(_, let contentType) = request.body { lines.append("Content-Type: \(contentType)") }
        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        for line in lines { list = curl_slist_append(list, line) }
        _ = etb_curl_setopt_slist(handle.pointer, CURLOPT_HTTPHEADER, list)

        let receiver = Receiver(limit: request.maximumBodySize)
        switch (request.method, request.body) {
        case (.get, _):
            handle.set(CURLOPT_HTTPGET, true)
            try handle.perform(operation: operation, location: .verbatim(location.text), into: receiver)
        case (.delete, _):
            // libcurl has no option for it; the request has no body.
            handle.set(CURLOPT_HTTPGET, true)
            handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            try handle.perform(operation: operation, location: .verbatim(location.text), into: receiver)
        case (.post, .none):
            handle.set(CURLOPT_POSTFIELDSIZE, 0)
            handle.set(CURLOPT_COPYPOSTFIELDS, "")
            handle.set(CURLOPT_POST, true)
            try handle.perform(operation: operation, location: .verbatim(location.text), into: receiver)
        case (.post, .bytes(var bytes, _)):
            // libcurl reads the bytes in place; they stay there until it is done.
            handle.set(CURLOPT_POST, true)
            handle.set(CURLOPT_POSTFIELDSIZE, bytes.count)
            if bytes.isEmpty { bytes = [0] }
            let result = bytes.withUnsafeMutableBytes { buffer -> Result<Void, TransferError> in
                _ = etb_curl_setopt_pointer(handle.pointer, CURLOPT_POSTFIELDS, buffer.baseAddress)
                return Result { () throws(TransferError) in
                    try handle.perform(operation: operation, location: .verbatim(location.text), into: receiver)
                }
            }
            try result.get()
        case (.post, .multipart(let parts)):
            guard let form = curl_mime_init(handle.pointer) else { fatalError("out of memory") }
            defer { curl_mime_free(form) }
            for part in parts { try Self.add(part, to: form, operation: operation, location: .verbatim(location.text)) }
            _ = etb_curl_setopt_mime(handle.pointer, form)
            try handle.perform(operation: operation, location: .verbatim(location.text), into: receiver)
        }
        var status = 0
        _ = etb_curl_getinfo_long(handle.pointer, CURLINFO_RESPONSE_CODE, &status)
        var url: UnsafePointer<CChar>?
        _ = etb_curl_getinfo_string(handle.pointer, CURLINFO_EFFECTIVE_URL, &url)
        return HTTPResponse(
            status: status, headers: receiver.headers, body: receiver.body,
            url: url.map { String(cString: $0) } ?? request.url)
    }

    private static func add(
        _ part: MultipartPart, to form: OpaquePointer, operation: LocalizableText, location: LocalizableText
    ) throws(TransferError) {
        guard let item = curl_mime_addpart(form) else { fatalError("out of memory") }
        let taken =
            curl_mime_name(item, part.name) == CURLE_OK
            && part.content.withUnsafeBytes { bytes in
                curl_mime_data(item, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count) == CURLE_OK
            }
            && (part.fileName.map { curl_mime_filename(item, $0) == CURLE_OK } ?? true)
            && (part.contentType.map { curl_mime_type(item, $0) == CURLE_OK } ?? true)
        guard taken else {
            throw TransferError(
                code: .invalidRequest, operation: operation, location: location,
                message: localized("libcurl rejects the form part \(part.name)"))
        }
    }

    /// Passes the password to libcurl and wipes the copy that this requires.
    private static func setPassword(_ password: [UInt8], on handle: borrowing CurlHandle) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: password.count + 1) { text in
            for (index, byte) in password.enumerated() { text[index] = CChar(bitPattern: byte) }
            text[password.count] = 0
            _ = etb_curl_setopt_string(handle.pointer, CURLOPT_PASSWORD, text.baseAddress)
            for index in 0...password.count { text[index] = 0 }
        }
    }

    private static func isSafe(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
