import Configuration
import Basics
import Cluster
import Messages
import Operations
import X509

/// Asks whether the keys that nodes present are theirs.
struct KeyAgreement {
    /// The keys that the user has given as options.
    let accepted: Set<String>

    /// Shows keys and asks for confirmation. Those that were given as options need none; if such options were given,
    /// any other key is refused.
    ///
    /// - Throws: with status 7 if a key is not confirmed.
    func ask(_ contacts: [FirstContact]) throws {
        let unknown = contacts.flatMap { contact in
            contact.keys.filter { !accepted.contains($0.fingerprint) }.map { (contact.node, $0) }
        }
        guard !unknown.isEmpty else { return }
        for contact in contacts where contact.keys.contains(where: { !accepted.contains($0.fingerprint) }) {
            Terminal.note(Self.text(of: contact))
        }
        let names = contacts.map(\.node.name).joined(separator: ", ")
        let options = unknown.map { "\($0.1.option) \($0.1.fingerprint)" }.joined(separator: " ")
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

    /// Reports what could not be pinned.
    ///
    /// - Parameter unreachableTVS: the nodes on which the Trust Verification Service is activated although nothing
    ///   answers.
    func warn(_ contacts: [FirstContact], unreachableTVS: [String]) {
        for node in unreachableTVS {
            Terminal.note(
                localized(
                    "Warning: The Trust Verification Service is activated on \(node), but its port cannot be reached from here. A change to tokens has to ask it: open the port (2445), then add the cluster again with --force."
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

    private static func text(of contact: FirstContact) -> String {
        var lines = [localized("\(contact.node.name) at \(contact.node.address) shows these keys:").localized]
        for key in contact.keys {
            lines.append("  \(key.title.padded(to: 14))\(key.fingerprint)")
            if let certificate = key.certificate {
                lines.append(localized("                certificate \(certificate.subject.rendered(.cucm))").localized)
                lines.append("                SHA-1 \(certificate.sha1.hex)")
            }
        }
        return lines.joined(separator: "\n")
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

    var option: String { purpose == .ssh ? "--ssh-host-key" : "--tls-pin" }
}
