import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones

/// What the displays of first phones showed before the key that erases, kept next to the record.
final class ErasePictures {
    private let stem: String
    private let asks: Bool
    /// By phone.
    private(set) var paths: [String: String] = [:]

    /// - Parameters:
    ///   - record: its path.
    ///   - asks: whether someone has to confirm the menu.
    init(record: String, asks: Bool) {
        stem = record.hasSuffix(".jsonl") ? String(record.dropLast(6)) : record
        self.asks = asks
    }

    /// Keeps the picture, and asks whether it shows the menu in which the last key erases.
    func agrees(
        _ target: ErasureTarget, _ group: TrustListErasure.Group, _ picture: PhoneKeys.Picture?
    ) throws(ClusterError) -> Bool {
        if let picture {
            let path = "\(stem)-\(Files.name(target.name)).\(picture.kind)"
            do throws(FileError) { try Files.write(picture.bytes, to: path, permissions: 0o600, replacing: true) } catch
            {
                throw ClusterError(
                    .file, operation: localized("keep the picture of the phone's display"),
                    message: LocalizableText(describing: error), cause: error)
            }
            paths[target.name] = path
            Terminal.note(localized("What \(target.name) shows: \(path: path)"))
        } else {
            Terminal.note(localized("\(target.name) does not show its display over the network."))
        }
        guard asks, Terminal.isInteractive else { return true }
        let key = group.sequence.requests.erasing
        return Terminal.confirm(
            picture == nil
                ? localized("Press \(key), which erases, without having seen the menu?")
                : localized("Does the picture show the menu in which \(key) erases the trust list?"))
    }
}
