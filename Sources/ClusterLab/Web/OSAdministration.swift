import X509
import Markup

/// Cisco Unified Operating System Administration of one node: Tomcat form login and Struts pages.
struct OSAdministration: Sendable {
    let cluster: LabCluster
    let node: NodeRuntime
    let sessions: WebSessions

    static let maximumUpload = 8 << 20

    private static let login = "/cmplatform/showLogin.do"
    private static let cookie = "JSESSIONID"

    private var release: LabRelease { cluster.plan.release }

    func answer(_ request: WebRequest) -> WebResponse {
        let id = request.cookie(Self.cookie)
        switch (request.method, request.path) {
        case ("GET", Self.login): return loginPage(error: nil, session: sessions.exists(id) ? id : nil)
        case ("POST", release.loginPath): return logIn(request, id)
        case (_, let path) where path.contains("/WEB-INF/"): return .status(404)
        case ("GET", "/cmplatform/logout.do"):
            sessions.close(id)
            return toLogin()
        default: break
        }
        guard Self.pages.contains(request.path) else { return .status(404) }
        guard let id, sessions.isLoggedIn(id) else { return toLogin() }
        if request.method == "POST", node.has(.sessionExpired) {
            sessions.close(id)
            return toLogin()
        }
        switch (request.method, request.path) {
        case ("GET", "/cmplatform"), ("GET", "/cmplatform/"): return .redirect("/cmplatform/showHome.do")
        case ("GET", "/cmplatform/showHome.do"): return .html(WebPage.page("Operating System Administration", ""))
        case ("GET", "/cmplatform/tftpFileUpload.do"): return uploadPage(id, status: "Ready")
        case ("POST", "/cmplatform/tftpFileUpload.do"): return uploadPage(id, status: upload(request, id))
        case ("GET", "/cmplatform/certificateUpload.do"): return certificatePage(id, status: "Ready")
        case ("POST", "/cmplatform/certificateUpload.do"):
            return certificatePage(id, status: uploadCertificate(request, id))
        case ("GET", "/cmplatform/certificateFindList.do"): return .html(certificateList(id, request, status: "Ready"))
        case ("GET", "/cmplatform/certificateDetails.do"): return certificateDetails(request, id)
        case ("GET", "/cmplatform/certificateDownload.do"): return certificateDownload(request)
        case ("POST", "/cmplatform/certificateDelete.do"):
            return .html(certificateList(id, nil, status: deleteCertificate(request, id)))
        default: return .status(405)
        }
    }

    private static let pages: Set<String> = [
        "/cmplatform", "/cmplatform/", "/cmplatform/showHome.do", "/cmplatform/tftpFileUpload.do",
        "/cmplatform/certificateUpload.do", "/cmplatform/certificateFindList.do", "/cmplatform/certificateDetails.do",
        "/cmplatform/certificateDownload.do", "/cmplatform/certificateDelete.do",
    ]

    // MARK: Login

    private func toLogin() -> WebResponse { withCookie(.redirect(Self.login), sessions.open()) }

    private func withCookie(_ response: WebResponse, _ id: String) -> WebResponse {
        response.with("Set-Cookie", "\(Self.cookie)=\(id); Path=/cmplatform; Secure; HttpOnly")
    }

    private func loginPage(error: String?, session: String?) -> WebResponse {
        let response = WebResponse.html(WebPage.login(action: release.loginPath, error: error))
        return session == nil ? withCookie(response, sessions.open()) : response
    }

    private func logIn(_ request: WebRequest, _ id: String?) -> WebResponse {
        // Tomcat: a login without the session that the login page started.
        guard let id, sessions.exists(id) else { return .status(408) }
        let fields = request.formFields
        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        guard field("appNav") == "cmplatform", let user = field("j_username"), let password = field("j_password") else {
            return loginPage(error: "Log on failed - the form is incomplete", session: id)
        }
        guard !node.has(.tooManyLogins) else {
            return loginPage(error: Self.locked(seconds: WebSessions.lockSeconds), session: id)
        }
        switch sessions.login(
            id,
            isRight: {
                cluster.accepts(.platform, user: user, password: Array(password.utf8), at: node)
            })
        {
        case .accepted(let fresh): return withCookie(.redirect("/cmplatform/"), fresh)
        case .refused:
            Log.note("\(node.plan.name): a wrong login on OS Administration")
            return loginPage(error: "Log on failed - Invalid User ID or Password", session: id)
        case .locked(let seconds):
            return loginPage(error: Self.locked(seconds: seconds), session: id)
        }
    }

    private static func locked(seconds: Int64) -> String {
        "Log on failed - too many attempts, try again in \(seconds) seconds"
    }

    // MARK: Struts tokens

    private static let badToken =
        "Error: The form has already been processed or no token was supplied, please try again."

    private func hasGoodToken(_ id: String, name: String?, token: String?) -> Bool {
        guard release.hasStrutsTokens else { return true }
        return name == "token" && sessions.spendToken(id, token)
    }

    private func token(_ id: String) -> String? { release.hasStrutsTokens ? sessions.nextToken(id) : nil }

    // MARK: TFTP files

    private func uploadPage(_ id: String, status: String) -> WebResponse {
        .html(WebPage.tftpUpload(status: status, token: token(id)))
    }

    private func upload(_ request: WebRequest, _ id: String) -> String {
        guard let form = Multipart(contentType: request.header("Content-Type"), body: request.body) else {
            return "Error: the request is not a file upload"
        }
        guard hasGoodToken(id, name: form.text("struts.token.name"), token: form.text("token")) else {
            return Self.badToken
        }
        guard let file = form.part("file"), let given = file.fileName, let directory = form.text("directory") else {
            return "Error: File is required"
        }
        // Old browsers sent the whole path.
        let name = given.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
        let folders = directory.split(separator: "/").map(String.init)
        guard Self.isName(name) else { return "Error: File is required" }
        guard folders.allSatisfy(Self.isName) else { return "Error: the directory name is not valid" }
        guard !file.content.isEmpty else { return "Error: the file is empty" }
        guard file.content.count <= Self.maximumUpload else {
            return "Error: the file is larger than \(Self.maximumUpload) bytes"
        }
        guard !node.has(.diskFull) else {
            return "Error: the file could not be uploaded, there is not enough disk space"
        }
        do {
            try node.files.write((folders + [name]).joined(separator: "/"), file.content)
        } catch {
            Log.note("\(node.plan.name): \(error)")
            return "Error: the file could not be uploaded"
        }
        Log.note("\(node.plan.name): \(name) uploaded, \(file.content.count) bytes")
        return "File uploaded successfully."
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128 && !text.hasPrefix(".")
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"\\/:*?\"<>|%".utf8.contains($0) }
    }

    // MARK: Certificates

    private func certificatePage(_ id: String, status: String) -> WebResponse {
        .html(WebPage.certificateUpload(status: status, token: token(id)))
    }

    private func uploadCertificate(_ request: WebRequest, _ id: String) -> String {
        guard let form = Multipart(contentType: request.header("Content-Type"), body: request.body) else {
            return "Error: the request is not a file upload"
        }
        guard hasGoodToken(id, name: form.text("struts.token.name"), token: form.text("token")) else {
            return Self.badToken
        }
        guard let unit = form.text("NAME"), WebPage.purposes.contains(unit) else {
            return "Error: the certificate purpose is not valid"
        }
        guard let file = form.part("FILE"), file.fileName?.isEmpty == false else { return "Error: File is required" }
        do {
            let certificate = try CertificateImport.read(file.content)
            guard TrustStore.units.contains(unit) else {
                return "Error: CSR SAN and Certificate SAN does not match: there is no CSR for \(unit)"
            }
            guard !node.has(.diskFull) else {
                return "Error: the certificate could not be stored, there is not enough disk space"
            }
            let (entry, _) = try cluster.trustStore.add(certificate, unit: unit)
            Log.note("\(node.plan.name): certificate \(unit)/\(entry.file) uploaded")
            return "Certificate Uploaded"
        } catch let refusal as CertificateImport.Refusal {
            return refusal.text
        } catch {
            Log.note("\(error)")
            return "Error: the certificate could not be stored"
        }
    }

    private func deleteCertificate(_ request: WebRequest, _ id: String) -> String {
        let fields = request.formFields
        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        guard hasGoodToken(id, name: field("struts.token.name"), token: field("token")) else { return Self.badToken }
        guard let unit = field("unit"), let file = field("name"), TrustStore.units.contains(unit) else {
            return "Error: only trust certificates can be deleted"
        }
        guard let isDeleted = try? cluster.trustStore.remove(unit: unit, file: file) else {
            return "Error: the certificate could not be deleted"
        }
        return isDeleted ? "Certificate Deleted" : "Error: there is no such certificate"
    }

    private func certificateList(_ id: String, _ search: WebRequest?, status: String) -> String {
        let all = CertificateEntry.all(cluster, node)
        let found = search.map { search in all.filter { Self.matches($0, search) } } ?? all
        return WebPage.certificateList(found, node: node.plan.name, status: status, token: token(id))
    }

    /// Whether a certificate matches a search; without a text, every one does.
    private static func matches(_ entry: CertificateEntry, _ search: WebRequest) -> Bool {
        guard let wanted = search.query("searchText")?.lowercased(), !wanted.isEmpty else { return true }
        let text =
            switch search.query("searchField") {
            case "commonName": entry.certificate.subject.value(of: "CN") ?? ""
            case "fileName": entry.file
            default: entry.unit
            }
        switch search.query("searchOperator") {
        case "isExactly": return text.lowercased() == wanted
        case "contains": return text.lowercased().contains(wanted)
        default: return text.lowercased().hasPrefix(wanted)
        }
    }

    private func certificateDetails(_ request: WebRequest, _ id: String) -> WebResponse {
        guard let path = request.query("cert"), let unit = request.query("unit"),
            let entry = CertificateEntry.all(cluster, node).first(where: { $0.unit == unit && $0.path == path })
        else { return .status(404) }
        return .html(WebPage.certificateDetails(entry, node: node.plan.name, token: token(id)))
    }

    private func certificateDownload(_ request: WebRequest) -> WebResponse {
        guard let unit = request.query("unit"), let name = request.query("name"),
            let entry = CertificateEntry.all(cluster, node).first(where: { $0.unit == unit && $0.file == name })
        else { return .status(404) }
        return WebResponse(
            status: 200,
            headers: [
                ("Content-Type", "application/octet-stream"),
                ("Content-Disposition", "attachment; filename=\"\(entry.file)\""),
            ], body: Array(entry.certificate.pem.utf8))
    }
}
