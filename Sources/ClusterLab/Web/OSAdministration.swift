import Basics
import Markup
import X509

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
        case ("GET", "/cmplatform/tftpFileUpload.do"):
            return uploadPage(id, status: request.query("message") ?? "Ready")
        case ("POST", "/cmplatform/tftpFileUpload.do"):
            let status = upload(request, id)
            return redirect(request, status) ?? uploadPage(id, status: status)
        case ("GET", "/cmplatform/certificateUpload.do"):
            return certificatePage(id, status: request.query("message") ?? "Ready")
        case ("POST", "/cmplatform/certificateUpload.do"):
            let status = uploadCertificate(request, id)
            return redirect(request, status) ?? certificatePage(id, status: status)
        case (_, "/cmplatform/certificateFindList.do"): return certificateList(id, request)
        case (_, "/cmplatform/certificateDetails.do"): return certificateDetails(request, id)
        default: return .status(405)
        }
    }

    private static let pages: Set<String> = [
        "/cmplatform", "/cmplatform/", "/cmplatform/showHome.do", "/cmplatform/tftpFileUpload.do",
        "/cmplatform/certificateUpload.do", "/cmplatform/certificateFindList.do", "/cmplatform/certificateDetails.do",
    ]

    private func has(_ manner: Manner) -> Bool { cluster.plan.has(manner) }

    /// A redirect to the page, with its message, if that is this lab's manner; failures are returned directly.
    private func redirect(_ request: WebRequest, _ status: String) -> WebResponse? {
        guard has(.webRedirects), !status.hasPrefix("Error") else { return nil }
        return .redirect("\(request.path)?message=\(Percent.encode(status))")
    }

    /// How success is reported.
    private func success(_ usual: String, other: String) -> String {
        if has(.webOtherWords) { return other }
        return has(.webWarningWords)
            ? usual + " If phones cannot get it, restart Cisco Tftp; otherwise errors may follow." : usual
    }

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
        case .accepted where node.has(.passwordExpired) || node.has(.passwordExpiredInShell):
            Log.note("\(node.plan.name): a login with an expired password on OS Administration")
            return loginPage(
                error: has(.webExpiredAsWrong) ? Self.wrong : "Log on failed - Your password has expired", session: id)
        case .accepted(let fresh): return withCookie(.redirect("/cmplatform/"), fresh)
        case .refused:
            Log.note("\(node.plan.name): a wrong login on OS Administration")
            return loginPage(error: Self.wrong, session: id)
        case .locked(let seconds):
            return loginPage(error: Self.locked(seconds: seconds), session: id)
        }
    }

    private static let wrong = "Log on failed - Invalid User ID or Password"

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
        // A known script uploads to "." for the root.
        let folders = directory == "." ? [] : directory.split(separator: "/").map(String.init)
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
        return success("File uploaded successfully.", other: "File has been stored")
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
            return success("Certificate Uploaded", other: "The store has been changed")
        } catch let refusal as CertificateImport.Refusal {
            return refusal.text
        } catch {
            Log.note("\(error)")
            return "Error: the certificate could not be stored"
        }
    }

    private func deleteCertificate(_ entry: CertificateEntry) -> String {
        guard !entry.isOwn else { return "Error: only trust certificates can be deleted" }
        guard let isDeleted = try? cluster.removeTrust(unit: entry.unit, file: entry.file, at: node) else {
            return "Error: the certificate could not be deleted"
        }
        return isDeleted
            ? success("Certificate Deleted", other: "The store has been changed")
            : "Error: there is no such certificate"
    }

    /// What is offered as rows per page; the first one is used if nothing is chosen.
    private var rowsPerPage: [Int] { has(.listSmallPages) ? [5, 10] : [50, 100, 150, 200, 250] }

    /// The list. It shows nothing until Find has been pressed, and then one page of what was found.
    private func certificateList(_ id: String, _ request: WebRequest) -> WebResponse {
        let fields = request.formFields
        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        let isAsked = request.method == "POST" && field("findButton") != nil
        var status = "Ready"
        var page: WebPage.CertificatePage?
        if request.method == "POST", !hasGoodToken(id, name: field("struts.token.name"), token: field("token")) {
            status = Self.badToken
        } else if isAsked || has(.listAtOnce) {
            let all = CertificateEntry.all(cluster, node).filter { Self.matches($0, field) }
            let rows = field("rowsPerPage").flatMap { Int($0) }.flatMap { rowsPerPage.contains($0) ? $0 : nil }
            let size = rows ?? rowsPerPage[0]
            let last = max(1, (all.count + size - 1) / size)
            let number = min(max(field("pageNumber").flatMap { Int($0) } ?? 1, 1), last)
            let first = (number - 1) * size
            page = WebPage.CertificatePage(
                entries: Array(all.dropFirst(first).prefix(size)), number: number, first: first, total: all.count)
        }
        return .html(
            WebPage.certificateList(
                page, rowsPerPage: rowsPerPage, node: node.plan.name, status: status, token: token(id),
                isOtherOrder: has(.listSmallPages)))
    }

    /// Whether a certificate matches a search; without a text, every one does.
    private static func matches(_ entry: CertificateEntry, _ field: (String) -> String?) -> Bool {
        guard let wanted = field("searchText")?.lowercased(), !wanted.isEmpty else { return true }
        let text =
            switch field("searchField") {
            case "commonName": entry.certificate.subject.value(of: "CN") ?? ""
            case "fileName": entry.file
            default: entry.unit
            }
        switch field("searchOperator") {
        case "isExactly": return text.lowercased() == wanted
        case "contains": return text.lowercased().contains(wanted)
        default: return text.lowercased().hasPrefix(wanted)
        }
    }

    /// The page of one certificate, and what its buttons do.
    private func certificateDetails(_ request: WebRequest, _ id: String) -> WebResponse {
        let fields = request.method == "POST" ? request.formFields : request.queryItems
        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        guard let path = field("cert"), let unit = field("unit"),
            let entry = CertificateEntry.all(cluster, node).first(where: { $0.unit == unit && $0.path == path })
        else { return .status(404) }
        var status = "Ready"
        if request.method == "POST" {
            if !hasGoodToken(id, name: field("struts.token.name"), token: field("token")) {
                status = Self.badToken
            } else if field("downloadPem") != nil, !has(.noDownload) {
                return WebResponse(
                    status: 200,
                    headers: [
                        ("Content-Type", "application/octet-stream"),
                        ("Content-Disposition", "attachment; filename=\"\(entry.file)\""),
                    ], body: Array(entry.certificate.pem.utf8))
            } else if field("delete") != nil {
                status = deleteCertificate(entry)
            }
        }
        return .html(
            WebPage.certificateDetails(
                entry, node: node.plan.name, status: status, token: token(id), hasDownload: !has(.noDownload)))
    }
}
