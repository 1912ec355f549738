import Basics
import Cluster
import Configuration
import Phones

/// A phone whose trust lists are going to be erased.
public struct ErasureTarget: Sendable, Hashable {
    public let name: String
    /// The address of its web page.
    public let address: String

    public init(name: String, address: String) {
        self.name = name
        self.address = address
    }
}

/// What an erasure does to phones, and how it observes them.
public protocol ErasureHost {
    /// Presses up to three keys.
    ///
    /// - Throws: `busy` if the keys are only for an idle phone, and this one is not; nothing was pressed then.
    func press(_ keys: [String], of target: ErasureTarget, onlyIfIdle: Bool) throws(ClusterError)
    /// What the display shows; nil if this phone does not provide it.
    func picture(of target: ErasureTarget) throws(ClusterError) -> PhoneKeys.Picture?
    /// Those that are registered, according to the cluster, and whose page shows the file that the cluster serves.
    func returned(_ targets: [ErasureTarget]) throws(ClusterError) -> Set<String>
}

/// The phones of a real cluster.
public struct LiveErasureHost: ErasureHost {
    private let cluster: ClusterClient
    private let ris: RISClient
    private let classifier: FileClassifier

    /// - Parameter file: the CTL file that the cluster serves.
    public init(_ cluster: ClusterClient, file: [UInt8]) throws(ClusterError) {
        self.cluster = cluster
        ris = try cluster.ris()
        classifier = FileClassifier(present: file)
    }

    public func press(_ keys: [String], of target: ErasureTarget, onlyIfIdle: Bool) throws(ClusterError) {
        try cluster.phoneKeys(address: target.address, phone: target.name).press(keys, onlyIfIdle: onlyIfIdle)
    }

    public func picture(of target: ErasureTarget) throws(ClusterError) -> PhoneKeys.Picture? {
        try cluster.phoneKeys(address: target.address, phone: target.name).picture()
    }

    public func returned(_ targets: [ErasureTarget]) throws(ClusterError) -> Set<String> {
        let known: [RegisteredPhone]
        do throws(ClusterError) { known = try ris.phones(named: targets.map(\.name)) } catch {
            // RIS answers some 15 times a minute, and may be asked again later.
            if error.code == .busy { return [] }
            throw error
        }
        // A phone may have another address after its restart.
        let registered = known.compactMap { phone in
            phone.isRegistered ? phone.address.map { ErasureTarget(name: phone.name, address: $0) } : nil
        }
        let holds = Concurrently.map(registered, maximumWidth: 32) { [cluster, classifier] phone -> Bool in
            let page = cluster.phonePage(address: phone.address, phone: phone.name)
            guard let lists = try? page.trustLists() else { return false }
            return classifier.code(of: lists.ctl.map(HeldChecksum.checksum) ?? .notInstalled) == .presentFile
        }
        return Set(zip(registered, holds).filter(\.1).map(\.0.name))
    }
}
