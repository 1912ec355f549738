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

    /// The list of certificates: the form to find some, and those of one page.
    ///
    /// - Parameters:
    ///   - found: nil before anything was searched for.
    ///   - isOtherOrder: whether the columns are in another order.
    static func certificateList(
        _ found: CertificatePage?, rowsPerPage: [Int], node: String, status: String, token: String?, isOtherOrder: Bool
    ) -> String {
        let rows = (found?.entries ?? []).map { entry in
            let link = "/cmplatform/certificateDetails.do?cert=\(escape(entry.path))&amp;unit=\(escape(entry.unit))"
            let cells = [
                escape(entry.unit), escape(entry.certificate.subject.value(of: "CN") ?? ""),
                "<a href=\"\(link)\">\(escape(entry.file))</a>",
                Clock.format(entry.certificate.notAfter, "%m/%d/%Y"), escape(entry.origin),
            ]
            return "<tr>" + (isOtherOrder ? cells.reversed() : cells).map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        let table =
            found.map { page in
                """
                <p id="count">Certificate List (\(page.first + 1) - \(page.first + page.entries.count) of \(page.total)) on \(escape(node))</p>
                <table id="certificates" class="cuesTableBg">
                \(rows.joined(separator: "\n"))
                </table>
                """
            } ?? "<p>No active query. Please enter your search criteria using the options above.</p>"
        return page(
            "Certificate List",
            """
            \(statusArea(status))
            <form name="certificateFindListForm" method="post" action="/cmplatform/certificateFindList.do">
            \(hidden(token))
            <p id="filterRow0">Find Certificate List where \(select("searchField", searchFields)) \(select("searchOperator", searchOperators))
            <input type="text" name="searchText" value=""> <input type="submit" name="findButton" value="Find"></p>
            <p>Rows per page \(select("rowsPerPage", rowsPerPage.map(String.init)))</p>
            <input type="hidden" name="pageNumber" value="\(found?.number ?? 1)">
            \(table)
            </form>
            """)
    }

    /// One page of what was found.
    struct CertificatePage {
        let entries: [CertificateEntry]
        /// From 1 on.
        let number: Int
        /// The place of its first entry among all.
        let first: Int
        let total: Int
    }

    private static func select(_ name: String, _ values: [String]) -> String {
        let options = values.map { "<option value=\"\($0)\">\($0)</option>" }.joined()
        return "<select name=\"\(name)\">\(options)</select>"
    }

    /// With buttons to download it, and to delete it if that is allowed.
    static func certificateDetails(
        _ entry: CertificateEntry, node: String, status: String, token: String?, hasDownload: Bool
    ) -> String {
        let deletion = entry.isOwn ? "" : "<input type=\"submit\" name=\"delete\" value=\"Delete\">"
        let download =
            hasDownload ? "<input type=\"submit\" name=\"downloadPem\" value=\"Download .PEM File\">" : ""
        return page(
            "Certificate Details for \(node), \(escape(entry.unit))",
            """
            \(statusArea(status))
            <table id="settings">
            <tr><td>File Name</td><td>\(escape(entry.file))</td></tr>
            <tr><td>Certificate Purpose</td><td>\(escape(entry.unit))</td></tr>
            <tr><td>Certificate Type</td><td>\(entry.isOwn ? "certs" : "trust-certs")</td></tr>
            <tr><td>Certificate Group</td><td>product-cm</td></tr>
            <tr><td>Description(friendly name)</td><td>\(escape(entry.origin))</td></tr>
            </table>
            <pre id="data">\(escape(CertificateText.block(entry.certificate)))</pre>
            <form name="certificateDetailsForm" method="post" action="/cmplatform/certificateDetails.do">
            \(hidden(token))
            <input type="hidden" name="unit" value="\(escape(entry.unit))">
            <input type="hidden" name="cert" value="\(escape(entry.path))">
            \(deletion)
            \(download)
            </form>
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
