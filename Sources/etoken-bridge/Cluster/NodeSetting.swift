import ArgumentParser
import Configuration
import Messages

/// `NODE.KEY=VALUE`: where a node is reached, if that is not the default (port forwarding, a lab).
struct NodeSetting: ExpressibleByArgument {
    let node: String
    private let key: String
    private let value: String

    private static let ports: [String: WritableKeyPath<NodeConfiguration, UInt16> & Sendable] = [
        "tftp_port": \.tftpPort, "http_port": \.httpPort, "https_port": \.httpsPort, "ssh_port": \.sshPort,
    ]

    private static let switches: [String: WritableKeyPath<NodeConfiguration, Bool> & Sendable] = [
        "tftp": \.servesTFTP, "legacy_tls": \.legacyTLS, "legacy_ssh": \.legacySSH,
    ]

    /// Of `--set`, wherever a command has it.
    static var help: ArgumentHelp {
        let keys = (["address"] + ports.keys.sorted() + ["tvs_port"] + switches.keys.sorted()).joined(separator: ", ")
        return .localized(
            "A configuration key of a node: \(keys). The publisher can also be called publisher. May be repeated.",
            valueName: "node.key=value")
    }

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="),
            let dot = argument[..<equals].lastIndex(of: "."), dot > argument.startIndex
        else { return nil }
        node = String(argument[..<dot])
        key = String(argument[argument.index(after: dot)..<equals])
        value = String(argument[argument.index(after: equals)...])
        if Self.switches[key] != nil, ["true", "false"].contains(value) { return }
        let isPort = UInt16(value).map { $0 > 0 } ?? false
        guard key == "address" ? !value.isEmpty : (Self.ports[key] != nil || key == "tvs_port") && isPort else {
            return nil
        }
    }

    func isUsed(by names: [String]) -> Bool { names.contains(node) }

    func apply(to node: inout NodeConfiguration) {
        if key == "address" {
            node.address = value
        } else if key == "tvs_port" {
            node.tvsPort = UInt16(value)
        } else if let path = Self.switches[key] {
            node[keyPath: path] = value == "true"
        } else if let path = Self.ports[key], let port = UInt16(value) {
            node[keyPath: path] = port
        }
    }
}
