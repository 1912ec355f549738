/// A form of a page.
public struct HTMLForm: Sendable, Hashable {
    /// An input, select or textarea that has a name.
    public struct Field: Sendable, Hashable {
        public var name: String
        /// `text`, `hidden`, `file`, `password`, `submit` ..., or `select`, `textarea`; in lower case.
        public var type: String
        /// The initial value; for a select the chosen option, or the first.
        public var value: String
        /// The values offered by a select.
        public var options: [String]
    }

    /// As in the page: possibly relative; empty if missing.
    public var action: String
    /// `get` or `post`.
    public var method: String
    public var name: String?
    public var id: String?
    public var isMultipart: Bool
    public var fields: [Field]

    init(_ element: MarkupElement) {
        action = element["action"] ?? ""
        method = (element["method"] ?? "get").lowercased()
        name = element["name"]
        id = element["id"]
        isMultipart = element["enctype"]?.lowercased() == "multipart/form-data"
        fields = element.descendants { ["input", "select", "textarea"].contains($0.name) }.compactMap { item in
            guard let name = item["name"], !name.isEmpty else { return nil }
            switch item.name {
            case "select":
                let options = item.descendants(named: "option")
                let values = options.map { $0["value"] ?? $0.text }
                let chosen = options.firstIndex { $0["selected"] != nil } ?? 0
                return Field(
                    name: name, type: "select", value: values.indices.contains(chosen) ? values[chosen] : "",
                    options: values)
            case "textarea":
                return Field(name: name, type: "textarea", value: item.rawText, options: [])
            default:
                return Field(
                    name: name, type: (item["type"] ?? "text").lowercased(), value: item["value"] ?? "", options: [])
            }
        }
    }

    /// The hidden inputs, in order.
    public var hidden: [Field] { fields.filter { $0.type == "hidden" } }

    /// The first field of this name.
    public func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}
