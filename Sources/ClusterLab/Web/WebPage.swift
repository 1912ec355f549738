import X509
import Basics
import Markup

/// The HTML of Operating System Administration.
enum WebPage {
    /// What a certificate can be uploaded as.
    static let purposes = ["tomcat", "ipsec", "CallManager", "CAPF", "TVS"] + TrustStore.units

    static func page(_ title: String, _ body: String) -> String {
        """
        <!DOCTYPE html>
        <html><head><title>Cisco Unified Operating System Administration - \(title)</title></head>
        <body>
        <h1>\(title)</h1>
        \(body)
        </body></html>

        """
    }

    static func login(action: String, error: String?) -> String {
        page(
            "Log in",
            """
            <form name="logonForm" method="post" action="\(action)">
            <input type="hidden" name="appNav" value="cmplatform">
            <p>Username <input type="text" name="j_username"></p>
            <p>Password <input type="password" name="j_password" autocomplete="off"></p>
            <input type="submit" value="Login">
            </form>
            \(error.map { "<div id=\"error\" class=\"content-error\">\(escape($0))</div>" } ?? "")
            """)
    }

    static func tftpUpload(status: String, token: String?) -> String {
        page(
            "Upload File",
            """
            \(statusArea(status))
            <form name="tftpFileUploadForm" method="post" action="/cmplatform/tftpFileUpload.do" enctype="multipart/form-data">
            \(hidden(token))
            <p>File <input type="file" name="file"></p>
            <p>Directory <input type="text" name="directory" value=""></p>
            <input type="submit" name="uploadFile" value="Upload File">
            </form>
            """)
    }

    static func certificateUpload(status: String, token: String?) -> String {
        page(
            "Upload Certificate/Certificate chain",
            """
            \(statusArea(status))
            <form name="certificateUploadForm" method="post" action="/cmplatform/certificateUpload.do" enctype="multipart/form-data">
            \(hidden(token))
            <p>Certificate Purpose <select name="NAME">
            \(purposes.map { "<option value=\"\($0)\">\($0)</option>" }.joined(separator: "\n"))
            </select></p>
            <p>Description(friendly name) <input type="text" name="DESCRIPTION" value=""></p>
            <p>Upload File <input type="file" name="FILE"></p>
            <input type="submit" name="upload" value="Upload">
            </form>
            """)
    }

    /// What the list can be searched by: field, and how it is compared.
    static let searchFields = ["certificate", "commonName", "fileName"]
    static let searchOperators = ["beginsWith", "contains", "isExactly"]

    static func certificateList(
        _ entries: [CertificateEntry], node: String, status: String, token: String?
    ) -> String {
        let rows = entries.map { entry in
            let link = "/cmplatform/certificateDetails.do?cert=\(escape(entry.path))&amp;unit=\(escape(entry.unit))"
            return """
                <tr><td>\(escape(entry.unit))</td><td>\(escape(entry.certificate.subject.value(of: "CN") ?? ""))</td>\
                <td><a href="\(link)">\(escape(entry.file))</a></td>\
                <td>\(Clock.format(entry.certificate.notAfter, "%m/%d/%Y"))</td><td>\(escape(entry.origin))</td></tr>
                """
        }
        return page(
            "Certificate List",
            """
            \(statusArea(status))
            <form name="findForm" method="get" action="/cmplatform/certificateFindList.do">
            <p>Find Certificate List where \(select("searchField", searchFields)) \(select("searchOperator", searchOperators))
            <input type="text" name="searchText" value=""> <input type="submit" name="find" value="Find"></p>
            </form>
            <p id="count">\(entries.count) records found on \(escape(node))</p>
            <form name="certificateFindListForm" method="post" action="/cmplatform/certificateDelete.do">
            \(hidden(token))
            <table id="certificates" class="cuesTableBg">
            <tr><th>Certificate</th><th>Common Name</th><th>File Name</th><th>Expiration</th><th>Description</th></tr>
            \(rows.joined(separator: "\n"))
            </table>
            </form>
            """)
    }

    private static func select(_ name: String, _ values: [String]) -> String {
        let options = values.map { "<option value=\"\($0)\">\($0)</option>" }.joined()
        return "<select name=\"\(name)\">\(options)</select>"
    }

    /// With a form to delete it, if that is allowed.
    static func certificateDetails(_ entry: CertificateEntry, node: String, token: String?) -> String {
        let deletion =
            entry.isOwn
            ? ""
            : """
            <form name="certificateDeleteForm" method="post" action="/cmplatform/certificateDelete.do">
            \(hidden(token))
            <input type="hidden" name="unit" value="\(escape(entry.unit))">
            <input type="hidden" name="name" value="\(escape(entry.file))">
            <input type="submit" name="delete" value="Delete">
            </form>
            """
        return page(
            "Certificate Details for \(node), \(escape(entry.unit))",
            """
            \(statusArea("Ready"))
            <table id="settings">
            <tr><td>File Name</td><td>\(escape(entry.file))</td></tr>
            <tr><td>Certificate Purpose</td><td>\(escape(entry.unit))</td></tr>
            <tr><td>Certificate Type</td><td>\(entry.isOwn ? "certs" : "trust-certs")</td></tr>
            <tr><td>Certificate Group</td><td>product-cm</td></tr>
            <tr><td>Description(friendly name)</td><td>\(escape(entry.origin))</td></tr>
            </table>
            <pre id="data">\(escape(CertificateText.block(entry.certificate)))</pre>
            <p><a href="/cmplatform/certificateDownload.do?unit=\(escape(entry.unit))&amp;name=\(escape(entry.file))">Download .PEM File</a></p>
            \(deletion)
            """)
    }

    private static func statusArea(_ text: String) -> String {
        "<fieldset><legend>Status</legend><div id=\"status\">\(escape(text))</div></fieldset>"
    }

    private static func hidden(_ token: String?) -> String {
        guard let token else { return "" }
        return """
            <input type="hidden" name="struts.token.name" value="token">
            <input type="hidden" name="token" value="\(token)">
            """
    }

    private static func escape(_ text: String) -> String { text.escapedForMarkup }
}
