import Basics
import Cluster
import Configuration
import Messages
import Phones

/// Which phones' trust lists can be erased remotely, and which phones have to be visited.
public struct ErasureSurvey: Sendable {
    /// Why a phone has to be visited.
    public enum Reason: String, Encodable, Sendable {
        case notRegistered = "not-registered"
        case noPage = "no-page"
        /// Something else answers at the phone's address, or its page and the cluster name different firmware.
        case contradiction
        case noSequence = "no-sequence"
        case otherFirmware = "other-firmware"
        /// The source of the only sequence for the model does not say for which firmware it is.
        case firmwareNotStated = "firmware-not-stated"
    }

    public struct Visit: Encodable, Sendable {
        public let phone: String
        public let model: String
        public let firmware: String?
        public let reason: Reason
        public let text: LocalizableText
    }

    public var groups: [TrustListErasure.Group] = []
    public private(set) var visits: [Visit] = []
    /// Phones whose page shows the cluster's file already.
    public private(set) var upToDate: [String] = []

    /// Asks the cluster which phones are registered, and the phones' pages who they are. No key is pressed.
    ///
    /// - Parameter file: the CTL file that the cluster serves.
    public init(
        of phones: [Phone], sequences: EraseSequenceTable, cluster: ClusterClient, file: [UInt8]
    ) throws(ClusterError) {
        let ris = try cluster.ris()
        var known: [String: RegisteredPhone] = [:]
        for part in phones.chunks(of: 1000) {
            for phone in try ris.phones(named: part.map(\.name)) {
                // Nodes may still list it from before; the node where it is registered counts.
                if phone.isRegistered || known[phone.name] == nil { known[phone.name] = phone }
            }
        }
        let classifier = FileClassifier(present: file)
        let answers = Concurrently.map(phones, maximumWidth: 32) { [known] phone -> Found in
            Found(of: phone, known[phone.name], in: cluster, sequences, classifier)
        }
        var groups: [GroupName: TrustListErasure.Group] = [:]
        for (phone, answer) in zip(phones, answers) {
            switch answer {
            case .upToDate: upToDate.append(phone.name)
            case .visit(let visit): visits.append(visit)
            case .keys(let target, let firmware, let sequence):
                let name = GroupName(model: phone.model.name, firmware: firmware)
                groups[name] = TrustListErasure.Group(
                    model: name.model, firmware: firmware, sequence: sequence,
                    phones: (groups[name]?.phones ?? []) + [target])
            }
        }
        self.groups = groups.values.sorted { ($0.model, $0.firmware) < ($1.model, $1.firmware) }
    }

    private struct GroupName: Hashable { let model, firmware: String }

    enum Found: Sendable {
        case upToDate
        case visit(Visit)
        case keys(ErasureTarget, firmware: String, EraseSequence)

        init(
            of phone: Phone, _ known: RegisteredPhone?, in cluster: ClusterClient, _ sequences: EraseSequenceTable,
            _ classifier: FileClassifier
        ) {
            func visit(_ reason: Reason, _ text: LocalizableText) -> Found {
                .visit(
                    Visit(
                        phone: phone.name, model: phone.model.name, firmware: known?.firmware, reason: reason,
                        text: text))
            }
            guard let known, known.isRegistered, let address = known.address else {
                self = visit(.notRegistered, localized("it is not registered"))
                return
            }
            let page = cluster.phonePage(address: address, phone: phone.name)
            guard let information = try? page.information() else {
                self = visit(.noPage, localized("its web page does not answer"))
                return
            }
            guard information.name == phone.name else {
                self = visit(
                    .contradiction,
                    localized("at its address \(address) answers \(information.name)"))
                return
            }
            let firmware = known.firmware ?? information.version
            guard firmware == information.version else {
                self = visit(
                    .contradiction,
                    localized("its page names firmware \(information.version), the cluster \(firmware)"))
                return
            }
            if let lists = try? page.trustLists(), let ctl = lists.ctl,
                classifier.code(of: .checksum(ctl)) == .presentFile
            {
                self = .upToDate
                return
            }
            switch sequences.answer(model: phone.model.name, firmware: firmware) {
            case .keys(let sequence):
                self = .keys(ErasureTarget(name: phone.name, address: address), firmware: firmware, sequence)
            case .noSequence:
                self = visit(.noSequence, localized("no keys are known that erase on this model"))
            case .otherFirmware:
                self = visit(.otherFirmware, localized("no keys are known that erase in firmware \(firmware)"))
            case .firmwareNotStated(let sequence):
                self = visit(
                    .firmwareNotStated,
                    localized("the source of its keys does not say for which firmware they are: \(sequence.source)"))
            }
        }
    }
}
