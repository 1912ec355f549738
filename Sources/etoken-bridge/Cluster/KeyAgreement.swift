import ArgumentParser
import Basics
import Configuration
import Cluster
import Messages
import Operations
import X509

/// Asks whether the keys that nodes present are theirs.
struct KeyAgreement {
    /// The keys that the user has specified as options, each for one service of one node.
    let accepted: [AcceptedKey]

    /// Shows keys and asks for confirmation. Those that were specified as options need none; if there are such options,
    /// any other key is refused.
    ///
    /// - Throws: with status 7 if a key is not confirmed.
    func ask(_ contacts: [FirstContact]) throws {
        let unknown = contacts.flatMap { contact in
            contact.keys.filter { !isAccepted($0, of: contact.node) }.map { (contact.node, $0) }
        }
        guard !unknown.isEmpty else { return }
        for contact in contacts where contact.keys.contains(where: { !isAccepted($0, of: contact.node) }) {
            Terminal.note(Self.text(of: contact))
        }
        let names = contacts.map(\.node.name).joined(separator: ", ")
        let options = unknown.map { $0.1.option(of: $0.0) }.joined(separator: " ")
        guard accepted.isEmpty else {
            throw Failure(
                Status.notTrusted,
                localized(
                    "\(unknown[0].0.name) presents a \(unknown[0].1.title) that was not specified: \(unknown[0].1.fingerprint)."
                ),
                next: localized(
                    "Compare it with what the node's console shows; if it matches, specify it, too: \(options)"))
        }
        guard Terminal.isInteractive else {
            throw Failure(
                Status.notTrusted,
                localized("The keys of \(names) are not known yet, and there is no terminal to prompt on."),
                next: localized(
                    "Compare them with what the nodes' consoles show; if they match, specify them: \(options)"))
        }
        guard Terminal.confirm(localized("Are these the keys of \(names), and should they be pinned?")) else {
            throw Failure(Status.notTrusted, localized("The keys were not confirmed; nothing was written."))
        }
    }

    private func isAccepted(_ key: FirstContact.Key, of node: NodeConfiguration) -> Bool {
        accepted.contains { $0.purpose == key.purpose && $0.argument.key == key.fingerprint && $0.argument.isOf(node) }
    }

    /// Reports what could not be pinned.
    ///
    /// - Parameter unreachableTVS: the nodes on which the Trust Verification Service is activated although nothing
    ///   answers.
    func warn(_ contacts: [FirstContact], unreachableTVS: [String]) {
        for node in unreachableTVS {
            Terminal.note(
                localized(
                    "Warning: The Trust Verification Service is activated on \(node), but its port cannot be reached from here. A change to tokens has to ask it: open the port (2445), then: etoken-bridge cluster confirm-key \(word: node)"
                ))
        }
        for contact in contacts {
            for failure in contact.failures {
                let isTVS = failure.purpose == .tvs
                if isTVS, unreachableTVS.contains(where: contact.node.isCalled) { continue }
                let isAbsent = isTVS && [.unreachable, .timedOut].contains(failure.error.code)
                Terminal.note(
                    isAbsent
                        ? localized(
                            "\(contact.node.name) does not run the Trust Verification Service, as nothing answers there."
                        )
                        : localized(
                            "Warning: \(failure.error). That key is not pinned, so this interface of \(contact.node.name) cannot be used."
                        )
                )
            }
        }
    }

    /// The keys, and after them what the peer says about itself. It could say anything, even that it has other keys.
    private static func text(of contact: FirstContact) -> String {
        var lines = [localized("\(contact.node.name) at \(contact.node.address) shows these keys:").localized]
        var names: [String] = []
        for key in contact.keys {
            lines.append("  \(key.title.padded(to: 14))\(key.fingerprint)")
            guard let certificate = key.certificate else { continue }
            lines.append("                SHA-1 \(certificate.sha1.hex)")
            let name = certificate.subject.value(of: "CN") ?? "-"
            names.append("    \(key.title.padded(to: 14))\"\(name.visible.shortened(to: longestName))\"")
        }
        if !names.isEmpty {
            lines.append(localized("  What their certificates call themselves, which proves nothing:").localized)
            lines += names
        }
        return lines.joined(separator: "\n")
    }

    /// Too short for any fingerprint, the shortest of which has 40 characters, so that no name can pass for one.
    private static let longestName = 36
}

/// A key that the user has compared, as an option gives it: whose it is, and which.
struct AcceptedKey {
    let purpose: FirstContact.Key.Purpose
    let argument: KeyArgument
}

/// `KEY` of the publisher, or `NODE=KEY`.
struct KeyArgument: ExpressibleByArgument {
    /// Nil for the publisher.
    let node: String?
    let key: String

    init?(argument: String) {
        guard let start = ["SHA256:", "sha256//"].lazy.compactMap({ argument.firstRange(of: $0)?.lowerBound }).min()
        else {
            // Refused where it is known which key it should be.
            (node, key) = (nil, argument)
            return
        }
        key = String(argument[start...])
        let name = argument[..<start]
        guard name.isEmpty || (name.hasSuffix("=") && name.count > 1) else { return nil }
        node = name.isEmpty ? nil : String(name.dropLast())
    }

    func isOf(_ other: NodeConfiguration) -> Bool {
        guard let node else { return other.isPublisher }
        return node == other.name || (node == "publisher" && other.isPublisher)
    }
}

extension FirstContact.Key {
    var title: String {
        switch purpose {
        case .ssh: localized("SSH host key").localized
        case .tls: localized("TLS key").localized
        case .tvs: localized("TVS key").localized
        }
    }

    /// The option that accepts such a key.
    var optionName: String {
        switch purpose {
        case .ssh: "--ssh-host-key"
        case .tls: "--tls-pin"
        case .tvs: "--tvs-pin"
        }
    }

    /// The option that accepts this key of this node.
    func option(of node: NodeConfiguration) -> String {
        Shell.option(optionName, node.isPublisher ? fingerprint : "\(node.name)=\(fingerprint)")
    }
}
