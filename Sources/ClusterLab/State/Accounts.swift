import Basics

/// The accounts of the cluster: the platform's (SSH, OS Administration), the application's (AXL, RIS), and that of a user
/// with whom the phones are associated.
struct Accounts: Sendable {
    struct Account: Sendable {
        let user: String
        private let password: [UInt8]

        init(user: String, password: [UInt8]) {
            self.user = user
            self.password = password
        }

        /// Takes as long for a wrong password as for a right one.
        func accepts(user: String, password: [UInt8]) -> Bool {
            guard user == self.user, password.count == self.password.count else { return false }
            return zip(password, self.password).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
        }
    }

    enum Kind: Sendable {
        case platform
        case application
        case phones
    }

    subscript(_ kind: Kind) -> Account {
        switch kind {
        case .platform: platform
        case .application: application
        case .phones: phones
        }
    }

    static let platformUser = "administrator"
    static let applicationUser = "ccmadministrator"
    static let phonesUser = "phonekeys"

    let platform: Account
    let application: Account
    let phones: Account

    init(_ folder: LabFolder) throws(LabError) {
        func account(_ user: String, _ name: String) throws(LabError) -> Account {
            let bytes = try LabFiles.read(folder.password(name))
            return Account(user: user, password: Array(bytes.prefix { $0 != UInt8(ascii: "\n") }))
        }
        platform = try account(Self.platformUser, "platform")
        application = try account(Self.applicationUser, "application")
        // Labs of earlier versions have none.
        if !Files.exists(folder.password("phones")) { try Self.make("phones", folder) }
        phones = try account(Self.phonesUser, "phones")
    }

    /// Different passwords, in separate files that only the owner can read.
    static func make(_ folder: LabFolder) throws(LabError) {
        for name in ["platform", "application", "phones"] { try make(name, folder) }
    }

    private static func make(_ name: String, _ folder: LabFolder) throws(LabError) {
        let characters = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        let password = String((0..<20).map { _ in characters[Int.random(in: characters.indices)] })
        try LabFiles.write(password + "\n", to: folder.password(name), mode: 0o600)
    }
}
