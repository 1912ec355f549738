import CCurl
import Glibc
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
    private let wire: (any Wire)?

    /// CURLAUTH_BASIC, a macro that Swift does not import.
    private static let basicAuthentication = 1

    /// - Parameters:
    ///   - tls: how the peer is verified, and then an `http` URL is refused; nil for plain HTTP, and then an `https` URL
    ///     is.
    ///   - usesEnvironmentProxy: use `http_proxy` and the like. By default the peer is always reached directly.
    ///   - wire: observes the exchanges; nil if nobody does.
    public init(tls: TLSOptions? = nil, usesEnvironmentProxy: Bool = false, wire: (any Wire)? = nil) {
        self.wire = wire
        self.tls = tls
        self.usesEnvironmentProxy = usesEnvironmentProxy
    }

    /// Sends a request and waits for the response.
    public func send(_ request: HTTPRequest) throws(TransferError) -> HTTPResponse {
        let operation = LocalizableText.verbatim(request.method.rawValue)
        let location = try Location(request.url, operation: operation)
        try check(location, operation: operation)
        return try handle.withLock { (handle) throws(TransferError) -> HTTPResponse in
            var answer = try exchange(request, operation: operation, location: location, on: handle)
            guard request.followsRedirects else { return answer.response }
            var redirects = 0
            // Here, and not by libcurl, which would follow to any host of the scheme.
            while let next = answer.redirect, (300...399).contains(answer.response.status) {
                redirects += 1
                let place = try Location(next, operation: operation)
                guard redirects <= 5 else {
                    throw TransferError(
                        code: .protocolError, operation: operation, location: .verbatim(location.text),
                        message: localized("it redirects more than five times"))
                }
                guard place.peer == location.peer else {
                    throw TransferError(
                        code: .protocolError, operation: operation, location: .verbatim(location.text),
                        message: localized("it redirects to another server, \(place.text), which is not followed"))
                }
                var second = request
                second.method = .get
                second.body = .none
                second.url = next
                answer = try exchange(second, operation: operation, location: place, on: handle)
            }
            return answer.response
        }
    }

    /// A session that verifies its peer does not send anything without that.
    private func check(_ location: Location, operation: LocalizableText) throws(TransferError) {
        let message: LocalizableText
        switch (location.scheme, tls) {
        case ("https", .some), ("http", nil): return
        case ("https", nil): message = localized("no pin or CA is given for it")
        case ("http", .some): message = localized("a key or CA is given for it, and http would not check that")
        default: message = localized("the scheme is not http or https")
        }
        throw TransferError(
            code: .invalidRequest, operation: operation, location: .verbatim(location.text), message: message)
    }

    /// Drops all cookies, and with them the session that a server knows.
    public func forgetCookies() {
        handle.withLock { handle in
            handle.set(CURLOPT_COOKIELIST, "ALL")
        }
    }

    private func exchange(
        _ request: HTTPRequest, operation: LocalizableText, location: Location, on handle: borrowing CurlHandle
    ) throws(TransferError) -> (response: HTTPResponse, redirect: String?) {
        guard let wire else { return try perform(request, operation: operation, location: location, on: handle) }
        var redirect: String?
        let response = try wire.http(request) { () throws(TransferError) in
            let answer = try perform(request, operation: operation, location: location, on: handle)
            redirect = answer.redirect
            return answer.response
        }
        return (response, redirect)
    }

    private func perform(
        _ request: HTTPRequest, operation: LocalizableText, location: Location, on handle: borrowing CurlHandle
    ) throws(TransferError) -> (response: HTTPResponse, redirect: String?) {
        handle.prepare(timeout: request.timeout, usesEnvironmentProxy: usesEnvironmentProxy)
        handle.set(CURLOPT_URL, request.url)
        handle.allow(tls == nil ? .http : .https)
        handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        // Turns cookies on, without a file. COOKIEFILE "" would too, but libcurl 7.88 loses its list at each reset.
        handle.set(CURLOPT_COOKIEJAR, nil)
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
        switch request.body {
        case .bytes(_, let contentType): lines.append("Content-Type: \(contentType)")
        case .form: lines.append("Content-Type: application/x-www-form-urlencoded")
        case .none, .multipart: break
        }
        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        for line in lines { list = curl_slist_append(list, line) }
        handle.set(headers: list)

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
            try Self.post(&bytes, on: handle, operation: operation, location: location, into: receiver)
        case (.post, .form(let fields)):
            var bytes = FormField.encode(fields)
            // They may be a login.
            defer { bytes.withUnsafeMutableBytes { explicit_bzero($0.baseAddress!, $0.count) } }
            try Self.post(&bytes, on: handle, operation: operation, location: location, into: receiver)
        case (.post, .multipart(let parts)):
            guard let form = curl_mime_init(handle.pointer) else { fatalError("out of memory") }
            defer { curl_mime_free(form) }
            for part in parts { try Self.add(part, to: form, operation: operation, location: .verbatim(location.text)) }
            handle.set(form: form)
            try handle.perform(operation: operation, location: .verbatim(location.text), into: receiver)
        }
        var status = 0
        _ = etb_curl_getinfo_long(handle.pointer, CURLINFO_RESPONSE_CODE, &status)
        var url: UnsafePointer<CChar>?
        _ = etb_curl_getinfo_string(handle.pointer, CURLINFO_EFFECTIVE_URL, &url)
        var redirect: UnsafePointer<CChar>?
        _ = etb_curl_getinfo_string(handle.pointer, CURLINFO_REDIRECT_URL, &redirect)
        let response = HTTPResponse(
            status: status, headers: receiver.headers, body: receiver.body,
            url: url.map { String(cString: $0) } ?? request.url)
        return (response, redirect.map { String(cString: $0) })
    }

    private static func post(
        _ bytes: inout [UInt8], on handle: borrowing CurlHandle, operation: LocalizableText, location: Location,
        into receiver: Receiver
    ) throws(TransferError) {
        // libcurl reads the bytes in place; they stay there until it is done.
        handle.set(CURLOPT_POST, true)
        handle.set(CURLOPT_POSTFIELDSIZE, bytes.count)
        if bytes.isEmpty { bytes = [0] }
        let result = bytes.withUnsafeMutableBytes { buffer -> Result<Void, TransferError> in
            handle.set(CURLOPT_POSTFIELDS, pointer: buffer.baseAddress)
            defer { handle.set(CURLOPT_POSTFIELDS, pointer: nil) }
            return Result { () throws(TransferError) in
                try handle.perform(operation: operation, location: .verbatim(location.text), into: receiver)
            }
        }
        try result.get()
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
            handle.set(CURLOPT_PASSWORD, text: text.baseAddress)
            explicit_bzero(text.baseAddress!, text.count)
        }
    }

    private static func isSafe(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
