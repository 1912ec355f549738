import Markup

/// The list of certificates of OS Administration.
enum CertificateListPage {
    /// The file names that it lists for a unit. A row is identified by its link, which contains both the unit and the
    /// file; the arrangement of the columns differs between releases.
    static func names(in page: HTMLDocument, unit: String) -> [String] {
        var names: [String] = []
        for link in page.elements("a", attribute: "href") {
            let query = QueryText.parameters(of: link["href"] ?? "")
            guard query["unit"] == unit, let name = query["cert"]?.split(separator: "/").last.map(String.init),
                !names.contains(name)
            else { continue }
            names.append(name)
        }
        return names
    }
}
