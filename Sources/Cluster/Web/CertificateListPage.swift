import Basics
import Markup

/// The list of certificates of OS Administration (docs/cluster-interfaces.md).
package enum CertificateListPage {
    /// A certificate in the list.
    package struct Row: Hashable {
        package var unit: String
        /// The file's name.
        package var name: String
        /// Where its page is, as in the list.
        package var link: String
    }

    /// The certificates on a page. A row's link contains both the unit and the file; the arrangement of the columns
    /// differs between releases.
    package static func rows(in page: HTMLDocument) -> [Row] {
        var rows: [Row] = []
        for link in page.elements("a", attribute: "href") {
            let target = link["href"] ?? ""
            let query = QueryText.parameters(of: target)
            guard let unit = query["unit"], let name = query["cert"]?.split(separator: "/").last.map(String.init) else {
                continue
            }
            let row = Row(unit: unit, name: name, link: target)
            if !rows.contains(row) { rows.append(row) }
        }
        return rows
    }

    /// The form that lists certificates once it is sent: the one with a button to find some.
    package static func findForm(in page: HTMLDocument) -> HTMLForm? {
        page.forms.first { button(in: $0, called: "find") != nil }
    }

    /// A form's button, by a part of its name or its label.
    package static func button(in form: HTMLForm, called text: String) -> HTMLForm.Field? {
        form.fields.first {
            ["submit", "button", "image"].contains($0.type)
                && ($0.name.lowercased().contains(text) || $0.value.lowercased().contains(text))
        }
    }

    /// A form's fields as a browser sends them when a button is pressed, some of them with other values.
    static func fields(
        of form: HTMLForm, pressing button: HTMLForm.Field?, replacing values: [String: String] = [:]
    ) -> [(name: String, value: String)] {
        let inactive = ["submit", "button", "image", "reset", "file", "checkbox", "radio"]
        return form.fields.filter { !inactive.contains($0.type) || $0 == button }
            .map { ($0.name, values[$0.name] ?? $0.value) }
    }

    /// The largest number of rows that a page can have; nil if that cannot be chosen.
    package static func mostRows(in form: HTMLForm) -> String? {
        form.field(OSAdministrationPaths.rowsField)?.options.max { (Int($0) ?? 0) < (Int($1) ?? 0) }
    }
}
