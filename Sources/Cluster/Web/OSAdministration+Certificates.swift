import Basics
import Configuration
import Markup
import Messages
import Transfers
import X509

/// The certificates that a node lists, each with a page of its own (docs/cluster-interfaces.md).
extension OSAdministration {
    /// The certificates of a trust store, each one downloaded, or at least described as on its own page.
    public func trustCertificates(unit: String) throws(ClusterError) -> [TrustedCertificate] {
        let operation = localized("list the certificates of \(unit)")
        var listed: [TrustedCertificate] = []
        for row in try rows(operation: operation).filter({ $0.unit == unit }) {
            listed.append(try certificate(of: row, operation: operation))
        }
        return listed
    }

    /// Deletes a certificate from a trust store.
    ///
    /// - Returns: what the page says about the outcome; read it back.
    /// - Throws: `notFound` if the list does not contain it.
    @discardableResult
    public func deleteTrustCertificate(unit: String, name: String) throws(ClusterError) -> String {
        let operation = localized("delete \(name) from \(unit)")
        guard let row = try rows(operation: operation).first(where: { $0.unit == unit && $0.name == name }) else {
            throw ClusterError(
                .notFound, operation: operation, node: node.name, message: localized("the store does not contain it"))
        }
        if let details = try? send(.get(target(row.link, on: url(Paths.certificateList))), operation: operation),
            let page = try? page(details, operation: operation),
            let answer = try press(Paths.deleteButton, on: page, at: details.url, operation: operation)
        {
            return try outcome(answer, operation: operation)
        }
        // If the list has a Struts token, the next request has to carry it.
        let list = try page(try send(.get(url(Paths.certificateList)), operation: operation), operation: operation)
        var fields = (list.forms.first { !$0.hidden.isEmpty }?.hidden ?? []).map { FormField($0.name, $0.value) }
        fields += [FormField("unit", unit), FormField("name", name)]
        return try outcome(
            try send(.form(url(Paths.certificateDelete), fields), operation: operation), operation: operation)
    }

    // MARK: - The list of certificates

    /// More pages than any node has.
    private static let maximumPages = 500

    /// All certificates that the node lists. The page shows none until its form is sent, and then one page of them.
    ///
    /// - Throws: `unexpectedAnswer` if there is none at all: as every node has certificates of its own, that says
    ///   nothing.
    private func rows(operation: LocalizableText) throws(ClusterError) -> [CertificateListPage.Row] {
        var answer = try send(.get(url(Paths.certificateList)), operation: operation)
        var page = try page(answer, operation: operation)
        var rows = CertificateListPage.rows(in: page)
        if var form = CertificateListPage.findForm(in: page) {
            let most = CertificateListPage.mostRows(in: form)
            rows = []
            for number in 1...Self.maximumPages {
                var values = [Paths.pageField: "\(number)"]
                values[Paths.rowsField] = most
                answer = try submit(
                    form, pressing: CertificateListPage.button(in: form, called: "find"), replacing: values,
                    at: answer.url, operation: operation)
                page = try self.page(answer, operation: operation)
                let new = CertificateListPage.rows(in: page).filter { !rows.contains($0) }
                rows += new
                guard !new.isEmpty, let next = CertificateListPage.findForm(in: page),
                    next.field(Paths.pageField) != nil
                else { break }
                form = next
            }
        }
        guard !rows.isEmpty else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("the page lists no certificate at all, not even the node's own"), found: page.text)
        }
        return rows
    }

    /// A certificate as on its own page: as a file to download, or at least as a description.
    private func certificate(
        of row: CertificateListPage.Row, operation: LocalizableText
    ) throws(ClusterError) -> TrustedCertificate {
        var described: TrustedCertificate?
        if let details = try? send(.get(target(row.link, on: url(Paths.certificateList))), operation: operation) {
            if let certificate = Self.certificate(in: details) {
                return TrustedCertificate(store: row.unit, name: row.name, certificate: certificate)
            }
            let page = try page(details, operation: operation)
            if let answer = try press(Paths.downloadButton, on: page, at: details.url, operation: operation),
                let certificate = Self.certificate(in: answer)
            {
                return TrustedCertificate(store: row.unit, name: row.name, certificate: certificate)
            }
            // The lines of a description only count where they are lines.
            let texts = page.elements("pre").map(\.rawText) + page.elements("textarea").map(\.rawText)
            described =
                texts.lazy.compactMap {
                    TrustedCertificate(store: row.unit, name: row.name, CertificateDescription($0))
                }.first
            if let described, described.certificate != nil { return described }
        }
        let query = "unit=\(Percent.encode(row.unit))&name=\(Percent.encode(row.name))"
        do throws(ClusterError) {
            let answer = try send(.get(url(Paths.certificateDownload) + "?" + query), operation: operation)
            return TrustedCertificate(
                store: row.unit, name: row.name, certificate: try certificate(answer, row.name, operation: operation))
        } catch {
            guard error.code == .unexpectedAnswer, let described else { throw error }
            return described
        }
    }

    /// A certificate that is a response's body, DER or PEM.
    private static func certificate(in answer: HTTPResponse) -> Certificate? {
        answer.body.first == 0x30 ? try? Certificate(der: answer.body) : try? Certificate(pem: answer.text)
    }

    /// Presses a button of a page, if it has one.
    private func press(
        _ name: String, on page: HTMLDocument, at location: String, operation: LocalizableText
    ) throws(ClusterError) -> HTTPResponse? {
        for form in page.forms {
            guard let button = CertificateListPage.button(in: form, called: name) else { continue }
            return try submit(form, pressing: button, at: location, operation: operation)
        }
        return nil
    }

    private func submit(
        _ form: HTMLForm, pressing button: HTMLForm.Field?, replacing values: [String: String] = [:],
        at location: String, operation: LocalizableText
    ) throws(ClusterError) -> HTTPResponse {
        let fields = CertificateListPage.fields(of: form, pressing: button, replacing: values)
        let action = try target(form.action.isEmpty ? location : form.action, on: location)
        guard form.method == "get" else {
            return try send(.form(action, fields.map { FormField($0.name, $0.value) }), operation: operation)
        }
        let query = fields.map { "\(Percent.encode($0.name))=\(Percent.encode($0.value))" }.joined(separator: "&")
        return try send(.get(action.prefix { $0 != "?" } + "?" + query), operation: operation)
    }

    /// Where a link or a form leads: always to this node.
    private func target(_ reference: String, on location: String) throws(ClusterError) -> String {
        let target = QueryText.resolve(reference, against: location)
        guard target.hasPrefix(url("/")) else {
            throw ClusterError(
                .unexpectedAnswer, operation: localized("use OS Administration"), node: node.name,
                message: localized("a page leads to another server"), found: target)
        }
        return target
    }
}
