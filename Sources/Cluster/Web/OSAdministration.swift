import Basics
import Configuration
import Markup
import Messages
import Secrets
import Synchronization
import Transfers
import X509

/// OS Administration of a node: its web pages, used as a browser would (docs/cluster-interfaces.md).
///
/// It logs in at the first use, with one attempt, and again when the session has expired.
public final class OSAdministration: Sendable {
    let node: NodeConfiguration
    private let version: ClusterVersion?
    private let user: String
    private let password: Secret
    private let session: HTTPSession
    /// The current login, by its number. A caller that finds it expired forgets only that one.
    private let login = OnceValue<Int>()
    private let logins = Atomic(0)
    /// Why the node refused the account: a password that was refused once is not sent again.
    private let refusal = Mutex<ClusterError?>(nil)
    /// The login page, if it was opened ahead of time.
    private let loginPage = OnceValue<HTTPResponse>()

    typealias Paths = OSAdministrationPaths

    /// - Parameter version: decides where the login form is sent if the login page does not say; nil for the current
    ///   path.
    /// - Throws: `configuration` if no TLS key is pinned for the node.
    public init(
        _ node: NodeConfiguration, version: ClusterVersion?, user: String, password: Secret, wire: (any Wire)? = nil
    ) throws(ClusterError) {
        self.node = node
        self.version = version
        self.user = user
        self.password = password
        session = HTTPSession(tls: try node.tls(operation: localized("use OS Administration")), wire: wire)
    }

    /// Opens the login page, so that a login takes less time later. No password is sent.
    public func approach() throws(ClusterError) {
        guard login.value == nil else { return }
        _ = try loginPage.get { () throws(ClusterError) in
            try openLoginPage(operation: localized("log in to OS Administration"))
        }
    }

    /// Logs in, unless already done. Later calls would do it as well; this detects a wrong password earlier.
    public func connect() throws(ClusterError) {
        _ = try loggedIn()
    }

    /// Uploads a file to the node's TFTP folder, as TFTP File Management does.
    ///
    /// - Parameters:
    ///   - name: `CTLFile.tlv`
    ///   - directory: below the TFTP root; empty for the root itself.
    /// - Returns: what the page says about the outcome. Its words on success are in no public text: what is read back
    ///   decides.
    /// - Throws: `refused` with the page's text if it reports a failure.
    @discardableResult
    public func uploadTFTPFile(
        name: String, contents: [UInt8], directory: String = ""
    ) throws(ClusterError) -> String {
        let operation = localized("upload \(name) to the TFTP folder")
        let form = try form(Paths.tftpUpload, operation: operation) { $0.fields.contains { $0.type == "file" } }
        var parts = form.hidden.map { MultipartPart.field($0.name, $0.value) }
        let fileField = form.fields.first { $0.type == "file" }?.name ?? "file"
        parts.append(.file(fileField, fileName: name, content: contents))
        parts.append(.field("directory", directory))
        let answer = try send(.multipart(url(Paths.tftpUpload), parts), operation: operation)
        return try outcome(answer, operation: operation)
    }

    /// Uploads a certificate to a trust store. It is not an error if it is already there.
    ///
    /// - Parameter fileName: that the upload states; by default the certificate's common name and `.pem`.
    /// - Returns: what the page says about the outcome; read it back.
    /// - Throws: `notSupported` if the page does not offer that store.
    @discardableResult
    public func uploadTrustCertificate(
        unit: String, pem: String, fileName: String? = nil, description: String = ""
    ) throws(ClusterError) -> String {
        let operation = localized("upload a certificate as \(unit)")
        let form = try form(Paths.certificateUpload, operation: operation) { $0.field(Paths.unitField) != nil }
        let units = form.field(Paths.unitField)?.options ?? []
        guard units.isEmpty || units.contains(unit) else {
            throw ClusterError(
                .notSupported, operation: operation, node: node.name,
                message: localized("the page does not offer that store"),
                expected: unit, found: units.joined(separator: ", "))
        }
        var parts = form.hidden.map { MultipartPart.field($0.name, $0.value) }
        parts.append(.field(Paths.unitField, unit))
        parts.append(.field(Paths.descriptionField, description))
        parts.append(
            .file(
                Paths.certificateFileField, fileName: fileName ?? Self.fileName(pem),
                contentType: "application/x-x509-ca-cert",
                content: Array(pem.utf8)))
        let answer = try send(.multipart(url(Paths.certificateUpload), parts), operation: operation)
        return try outcome(answer, operation: operation)
    }

    /// Opens the forms of both uploads as an upload would, and sends neither.
    package func openForms() throws(ClusterError) {
        let operation = localized("open the upload forms")
        _ = try form(Paths.tftpUpload, operation: operation) { $0.fields.contains { $0.type == "file" } }
        _ = try form(Paths.certificateUpload, operation: operation) { $0.field(Paths.unitField) != nil }
    }

    // MARK: - Pages

    func url(_ path: String) -> String { "https://\(node.authority(port: node.httpsPort))\(path)" }

    /// Whether a URL is on this node: the same host and port over HTTPS; the port may be omitted if it is 443.
    private func isHere(_ target: String) -> Bool {
        let (target, here) = (target.lowercased(), url("/").lowercased())
        return target.hasPrefix(here) || (node.httpsPort == 443 && target.hasPrefix(here.dropLast(5) + "/"))
    }

    private func form(
        _ path: String, operation: LocalizableText, _ isWanted: (HTMLForm) -> Bool
    ) throws(ClusterError) -> HTMLForm {
        let answer = try send(.get(url(path)), operation: operation)
        let page = try page(answer, operation: operation)
        guard let form = page.forms.first(where: isWanted) else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("\(path) does not contain the expected form"), found: page.text)
        }
        return form
    }

    func page(_ answer: HTTPResponse, operation: LocalizableText) throws(ClusterError) -> HTMLDocument {
        do throws(MarkupError) {
            return try HTMLDocument(answer.body)
        } catch {
            throw ClusterError(error, operation: operation, node: node.name, found: answer.text)
        }
    }

    private static func fileName(_ pem: String) -> String {
        let name = (try? Certificate(pem: pem))?.subject.value(of: "CN") ?? ""
        let plain = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        return (plain.isEmpty ? "certificate" : plain) + ".pem"
    }

    func certificate(
        _ answer: HTTPResponse, _ name: String, operation: LocalizableText
    ) throws(ClusterError) -> Certificate {
        do throws(CertificateError) {
            return answer.body.first == 0x30
                ? try Certificate(der: answer.body) : try Certificate(pem: answer.text)
        } catch {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("\(name) is not returned as a certificate"), found: answer.text, cause: error)
        }
    }

    /// What a page says about an operation.
    ///
    /// - Throws: `refused` if it reports a failure. Words outside the status element prove nothing.
    func outcome(_ answer: HTTPResponse, operation: LocalizableText) throws(ClusterError) -> String {
        let page = try page(answer, operation: operation)
        guard let status = page.element(id: Paths.statusID)?.text else { return page.text }
        let text = status.lowercased().replacing("unsuccessful", with: "fail").replacing("not successful", with: "fail")
        let isSuccess = !text.hasPrefix("error") && Paths.successes.contains(where: text.contains)
        guard isSuccess || !Paths.failures.contains(where: text.contains) else {
            throw ClusterError(
                .refused, operation: operation, node: node.name, message: localized("the page reports a failure"),
                found: status)
        }
        return status
    }

    // MARK: - Session

    /// The number of the current login, after logging in if there is none.
    private func loggedIn() throws(ClusterError) -> Int {
        try login.get { () throws(ClusterError) in
            if let refusal = refusal.withLock({ $0 }) { throw refusal }
            do throws(ClusterError) { try logIn() } catch {
                if [.loginRefused, .passwordExpired].contains(error.code) { refusal.withLock { $0 = error } }
                throw error
            }
            return logins.add(1, ordering: .relaxed).newValue
        }
    }

    /// Sends a request within a session; logs in first if needed.
    func send(_ request: HTTPRequest, operation: LocalizableText) throws(ClusterError) -> HTTPResponse {
        let first = try loggedIn()
        var answer = try settled(request, operation: operation)
        if try isLogin(answer, operation: operation) {
            login.forget { $0 == first }
            let second = try loggedIn()
            answer = try settled(request, operation: operation)
            guard try !isLogin(answer, operation: operation) else {
                login.forget { $0 == second }
                throw ClusterError(
                    .refused, operation: operation, node: node.name,
                    message: localized("its session ended twice in a row before the form was accepted"))
            }
        }
        guard answer.status == 200 else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: answer.header("Location").map { localized("HTTP status \(answer.status) to \($0)") }
                    ?? localized("HTTP status \(answer.status)"),
                found: (try? HTMLDocument(answer.body))?.text)
        }
        return answer
    }

    /// The response to a request; if that redirects within this node, as after an upload, the page where it leads. That
    /// may be the login page.
    private func settled(_ request: HTTPRequest, operation: LocalizableText) throws(ClusterError) -> HTTPResponse {
        let answer = try exchange(request, operation: operation)
        guard (300...399).contains(answer.status), let location = answer.header("Location") else { return answer }
        let target = QueryText.resolve(location, against: answer.url)
        guard target.hasPrefix(url("/")) else { return answer }
        var next = HTTPRequest.get(target)
        next.followsRedirects = true
        return try exchange(next, operation: operation)
    }

    private func exchange(_ request: HTTPRequest, operation: LocalizableText) throws(ClusterError) -> HTTPResponse {
        do throws(TransferError) {
            return try session.send(request)
        } catch {
            throw ClusterError(
                error, operation: operation, node: node, port: node.httpsPort, expected: node.tlsPin)
        }
    }

    /// Whether a response is, or redirects to, the login page: the session is unknown or has expired.
    private func isLogin(_ answer: HTTPResponse, operation: LocalizableText) throws(ClusterError) -> Bool {
        if (300...399).contains(answer.status) { return true }
        guard answer.status == 200, answer.header("Content-Type")?.contains("html") ?? true else { return false }
        // A certificate is not a page.
        guard let page = try? HTMLDocument(answer.body) else { return false }
        return page.forms.contains { $0.field("j_password") != nil }
    }

    private func logIn() throws(ClusterError) {
        let operation = localized("log in to OS Administration")
        let loginPage = try loginPage.get { () throws(ClusterError) in try openLoginPage(operation: operation) }
        self.loginPage.forget()
        guard loginPage.status == 200 else { throw loginFailure(loginPage, operation: operation) }
        let form = try page(loginPage, operation: operation).forms.first { $0.field("j_password") != nil }
        guard let form else { throw loginFailure(loginPage, operation: operation) }

        var fields = [FormField("appNav", "cmplatform"), FormField("j_username", user)]
        fields += form.hidden.filter { $0.name != "appNav" }.map { FormField($0.name, $0.value) }
        let answer = try password.withArray { (bytes) throws(ClusterError) in
            try exchange(
                .form(loginURL(form, page: loginPage.url), fields + [FormField("j_password", bytes: bytes)]),
                operation: operation)
        }
        // A redirect to the login page is a refusal as well: the next page says so.
        guard (300...399).contains(answer.status) else { throw loginFailure(answer, operation: operation) }
        let next = QueryText.resolve(answer.header("Location") ?? Paths.start, against: answer.url)
        // The session's cookie is sent nowhere else; HTTPSession enforces that for further redirects.
        guard isHere(next) else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("after the login it redirects to another server, which is not followed"),
                expected: url("/"), found: next)
        }
        var second = HTTPRequest.get(next)
        second.followsRedirects = true
        let home = try exchange(second, operation: operation)
        guard home.status == 200, try !isLogin(home, operation: operation) else {
            throw loginFailure(home, operation: operation)
        }
    }

    private func openLoginPage(operation: LocalizableText) throws(ClusterError) -> HTTPResponse {
        // Cookies of an expired session are not sent again.
        session.forgetCookies()
        var request = HTTPRequest.get(url(Paths.start))
        request.followsRedirects = true
        return try exchange(request, operation: operation)
    }

    /// Where the login form is sent: the page's own form says so; otherwise the version decides. It never leaves this
    /// node.
    private func loginURL(_ form: HTMLForm, page: String) -> String {
        if form.action.contains("j_security_check") {
            let target = QueryText.resolve(form.action, against: page)
            if isHere(target) { return target }
        }
        return url(version?.hasStrutsTokens == false ? Paths.loginBefore11 : Paths.login)
    }

    /// What a login page says besides its form.
    private static func refusal(on text: String) -> String {
        text.firstRange(of: Paths.loginFailure).map { String(text[$0.lowerBound...]) } ?? text
    }

    private func loginFailure(_ answer: HTTPResponse, operation: LocalizableText) -> ClusterError {
        let text = (try? HTMLDocument(answer.body))?.text ?? ""
        let plain = text.lowercased()
        if plain.contains("too many") {
            return ClusterError(
                .tooManyLogins, operation: operation, node: node.name,
                message: localized("it refuses logins for a while after too many attempts"), found: text)
        }
        if ExpiredPassword.isSaid(in: text) {
            return ExpiredPassword.error(operation, node: node.name, user: user, found: Self.refusal(on: text))
        }
        let isForm = (try? HTMLDocument(answer.body))?.forms.contains { $0.field("j_password") != nil } ?? false
        if isForm || [401, 403].contains(answer.status) {
            return ClusterError(
                .loginRefused, operation: operation, node: node.name,
                message: localized("the user name or password of \(user) was refused"),
                found: Self.refusal(on: text), account: .platform)
        }
        return ClusterError(
            .unexpectedAnswer, operation: operation, node: node.name,
            message: localized("unexpected login page (HTTP status \(answer.status))"), found: text)
    }
}
