extension ClusterConfiguration {
    /// What the configuration file says about this cluster, setting by setting, in the file's order and words.
    public var settings: [(name: String, value: String)] {
        var place = ""
        var node = 0
        return ConfigurationWriter.lines(of: self).compactMap { line in
            if line.hasPrefix("[[") {
                place = nodes.indices.contains(node) ? nodes[node].name + "." : ""
                node += 1
                return nil
            }
            if line.hasPrefix("[") {
                let account = ["platform", "application", "phones"].first { line.hasSuffix(".\($0)]") }
                place = account.map { $0 + "." } ?? ""
                return nil
            }
            guard let equals = line.firstRange(of: " = ") else { return nil }
            return (place + line[..<equals.lowerBound], String(line[equals.upperBound...]))
        }
    }
}
